// Parameters of a unit: text with a type, which the unit reads from its environment when it starts.
import { parseRatio } from './ab-ratio.ts';
import type { ParameterType } from './deployment.ts';
import type { FindingSink } from './finding.ts';
import { shorten } from './read-deployment.ts';
import { parseParameterType } from './words.ts';
import type { WrittenUnit } from './written.ts';

const INTEGER = /^[+-]?\d+$/;
const DECIMAL = /^[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?|nan)$/i;

export function checkParameters(unit: WrittenUnit, sink: FindingSink): void {
  const names = new Set<string>();
  for (const { name, value, type, path } of unit.parameters) {
    if (name !== '' && names.has(name))
      sink.add('PARAMETER_DUPLICATE', `${path}.name`, `${unit.name} has ${shorten(name)} twice`);
    names.add(name);
    const known = parseParameterType(type);
    if (type === '')
      sink.add('FIELD_MISSING', `${path}.type`, `the parameter ${shorten(name)} has no type`);
    else if (known === undefined)
      sink.add('PARAMETER_TYPE_UNKNOWN', `${path}.type`, `the type of ${name} is ${shorten(type)}`);
    else if (!fits(value, known))
      sink.add('PARAMETER_VALUE', `${path}.value`, `${name} is ${shorten(value)}, not ${type}`);
  }
  if (unit.implementation === 'RANDOM_ABTEST') checkRatio(unit, sink);
}

/** As the Python wrapper reads it: `int()`, `float()`, and for BOOL `strtobool`. */
function fits(value: string, type: ParameterType): boolean {
  switch (type) {
    case 'INT':
      return INTEGER.test(value.trim());
    case 'FLOAT':
    case 'DOUBLE':
      return DECIMAL.test(value.trim());
    case 'BOOL':
      return /^(true|false|t|f|yes|no|y|n|on|off|1|0)$/i.test(value.trim());
    case 'STRING':
      return true;
  }
}

function checkRatio(unit: WrittenUnit, sink: FindingSink): void {
  const ratio = parseRatio(unit.parameters);
  if (ratio === undefined) {
    sink.add('RATIO_MISSING', `${unit.path}.parameters`, `${unit.name} has no ratioA`);
    return;
  }
  if (!Number.isNaN(ratio)) return;
  const written = unit.parameters.find((parameter) => parameter.name === 'ratioA');
  const place = `${written?.path ?? unit.path}.value`;
  sink.add('RATIO_INVALID', place, `ratioA of ${unit.name} is ${shorten(written?.value ?? '')}`);
}
