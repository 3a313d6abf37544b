// Parameters of a unit: text with a type, which the unit reads from its environment when it starts.
import { findBuiltIn } from '../built-ins/table.ts';
import { didYouMean } from '../manifest/closest-word.ts';
import type { ParameterType } from '../plan/deployment.ts';
import type { FindingSink } from '../manifest/finding.ts';
import { shorten } from '../manifest/shorten.ts';
import { PARAMETER_TYPES, parseParameterType } from '../plan/words.ts';
import type { WrittenUnit } from './written.ts';

const INTEGER = /^[+-]?\d+$/;
const DECIMAL = /^[+-]?((\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|inf(inity)?|nan)$/i;

export function checkParameters(unit: WrittenUnit, sink: FindingSink): void {
  const names = new Set<string>();
  for (const { name, value, type, path } of unit.parameters) {
    if (name !== '' && names.has(name))
      sink.add('PARAMETER_DUPLICATE', `${path}.name`, `${unit.name} has ${shorten(name)} twice`);
    names.add(name);
    const known = parseParameterType(type);
    // One whose name could not be read is named by its place.
    const shown = name === '' ? path : shorten(name);
    if (type === '')
      sink.add('FIELD_MISSING', `${path}.type`, `the parameter ${shown} has no type`);
    else if (known === undefined) {
      const advice = didYouMean(type, PARAMETER_TYPES);
      const message = `the type of the parameter ${shown} is ${shorten(type)}`;
      sink.add('PARAMETER_TYPE_UNKNOWN', `${path}.type`, message, advice);
    } else if (!fits(value, known))
      sink.add(
        'PARAMETER_VALUE',
        `${path}.value`,
        `the parameter ${shown} is ${shorten(value)}, not ${type}`,
      );
  }
  findBuiltIn(unit.implementation)?.check?.(unit, sink);
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
