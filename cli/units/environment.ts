// The values that a user gives from outside for the containers' environment: `--env-file FILE` (every unit, and what
// the YAML takes from Secrets and ConfigMaps) and `--set UNIT.NAME=VALUE` (one unit, stronger).
import type { Parsed } from '../../lib/runtime/options.ts';

export interface OutsideValues {
  /** From --env-file, for every unit. */
  readonly shared: ReadonlyMap<string, string>;
  /** From --set: unit, or `predictor/unit` → name → value. */
  readonly perUnit: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** What is given to one unit; the nearest counts. */
export function givenValues(
  { shared, perUnit }: OutsideValues,
  predictor: string,
  unit: string,
): Record<string, string> {
  return Object.fromEntries([
    ...shared,
    ...(perUnit.get(unit) ?? []),
    ...(perUnit.get(`${predictor}/${unit}`) ?? []),
  ]);
}

/** Lines `NAME=VALUE`; `#` starts a comment line, `export ` is skipped, one pair of quotes around a value goes. */
export function parseEnvFile(text: string, source: string): Parsed<Map<string, string>> {
  const values = new Map<string, string>();
  const lines = text.split(/\r?\n/);
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim().replace(/^export\s+/, '');
    if (line === '' || line.startsWith('#')) continue;
    const equals = line.indexOf('=');
    const name = line.slice(0, Math.max(equals, 0)).trim();
    if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) {
      return { kind: 'wrong', message: `${source}:${index + 1}: expected NAME=VALUE` };
    }
    values.set(name, unquote(line.slice(equals + 1).trim()));
  }
  return { kind: 'value', value: values };
}

export function parseSetFlags(flags: readonly string[]): Parsed<Map<string, Map<string, string>>> {
  const perUnit = new Map<string, Map<string, string>>();
  for (const flag of flags) {
    const match = /^([^.=]+)\.([^.=][^=]*)=(.*)$/s.exec(flag);
    if (match === null) {
      return {
        kind: 'wrong',
        message: `--set ${flag}: expected UNIT.NAME=VALUE, for example model.MODEL_FILE=iris.joblib`,
      };
    }
    const [, unit = '', name = '', value = ''] = match;
    let values = perUnit.get(unit);
    if (values === undefined) perUnit.set(unit, (values = new Map<string, string>()));
    values.set(name, value);
  }
  return { kind: 'value', value: perUnit };
}

function unquote(value: string): string {
  const quote = value[0];
  if (value.length >= 2 && (quote === '"' || quote === "'") && value.endsWith(quote)) {
    return value.slice(1, -1);
  }
  return value;
}
