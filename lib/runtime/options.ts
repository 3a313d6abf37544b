// A command line read by a table: each flag says how its text is read and what it is when nobody gives it. Out come the
// values, or all faults at once in sentences for people. All processes read their command lines here.
import { parseArgs } from 'node:util';

/** Takes one thing that is wrong, as a sentence without a full stop. */
export type ReportProblem = (text: string) => void;

export interface Flag<T> {
  /** A toggle takes none. */
  readonly takesValue: boolean;
  /** Of what takes none: it may have one all the same, after `=`. */
  readonly mayTakeValue?: boolean;
  /** May be given several times. */
  readonly repeats?: boolean;
  /** One letter. */
  readonly short?: string;
  /** `texts` as given, in their order; `name` as it is written in messages: `--port`. */
  readonly read: (
    texts: readonly string[],
    name: string,
    fault: ReportProblem,
    env: Environment,
  ) => T;
}

export type Flags = Readonly<Record<string, Flag<unknown>>>;
export type Environment = Readonly<Record<string, string | undefined>>;
export type Values<F extends Flags> = {
  readonly [Name in keyof F]: F[Name] extends Flag<infer T> ? T : never;
};

export type CommandLine<T> =
  | { readonly kind: 'options'; readonly options: T }
  | { readonly kind: 'help' }
  | { readonly kind: 'faults'; readonly faults: readonly string[] };

export function text(): Flag<string | undefined>;
export function text<T extends string | undefined>(otherwise: T): Flag<string | T>;
export function text(otherwise?: string): Flag<string | undefined> {
  return { takesValue: true, read: ([given]) => given ?? otherwise };
}

/** Any number of texts. */
export function texts(): Flag<readonly string[]> {
  return { takesValue: true, repeats: true, read: (given) => given };
}

/** One text with commas between its parts; blanks around them and parts given twice are dropped. */
export function commaList(otherwise: string): Flag<readonly string[]> {
  return {
    takesValue: true,
    read: ([given]) => [
      ...new Set(
        (given ?? otherwise)
          .split(',')
          .map((part) => part.trim())
          .filter((part) => part !== ''),
      ),
    ],
  };
}

export function toggle(): Flag<boolean> {
  return { takesValue: false, read: (given) => given.length > 0 };
}

/** A toggle that may be given more, as `--name=TEXT`: `given` where it stands alone. */
export function optionalValue<T, D extends T | undefined>(
  parse: (text: string) => Parsed<T>,
  otherwise: D,
  given: T,
): Flag<T | D> {
  return {
    takesValue: false,
    mayTakeValue: true,
    read: ([text], _name, fault) => {
      if (text === undefined) return otherwise;
      if (text === '') return given;
      const result = parse(text);
      if (result.kind === 'value') return result.value;
      fault(result.message);
      return otherwise;
    },
  };
}

/** A text that has to be there: as a flag, or in one of the variables. */
export function required(...variables: readonly string[]): Flag<string> {
  return {
    takesValue: true,
    read: ([given], name, fault, env) => {
      const found = given ?? variables.map((variable) => env[variable]).find(Boolean) ?? '';
      if (found === '')
        fault(`${name}${variables.length > 0 ? ` (or ${variables[0]})` : ''} is missing`);
      return found;
    },
  };
}

/** A whole number from `min` to `max`, both included. */
export function whole<T extends number | undefined>(
  min: number,
  max: number,
  otherwise: T,
): Flag<number | T> {
  return {
    takesValue: true,
    read: ([given], name, fault) => {
      if (given === undefined) return otherwise;
      const value = Number(given);
      if (/^\d{1,16}$/.test(given) && value >= min && value <= max) return value;
      const most = max === Number.MAX_SAFE_INTEGER ? ' on' : ` to ${max}`;
      fault(`${name} ${given} is not a whole number from ${min}${most}`);
      return otherwise;
    },
  };
}

export const MAX_PORT = 65_535;

export function port<T extends number | undefined>(otherwise: T): Flag<number | T> {
  return whole(1, MAX_PORT, otherwise);
}

export function oneOf<const T extends string, const D extends T | undefined>(
  words: readonly T[],
  otherwise: D,
): Flag<T | D> {
  return {
    takesValue: true,
    read: ([given], name, fault) => {
      if (given === undefined) return otherwise;
      const found = words.find((word) => word === given);
      if (found === undefined) fault(`${name} ${given} is not one of ${words.join(', ')}`);
      return found ?? otherwise;
    },
  };
}

export type Parsed<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'wrong'; readonly message: string };

/** What `parse` makes of the texts; what it says is wrong is a fault. */
export function parsed<T>(parse: (texts: readonly string[]) => Parsed<T>, otherwise: T): Flag<T> {
  return {
    takesValue: true,
    repeats: true,
    read: (given, _name, fault) => {
      const result = parse(given);
      if (result.kind === 'value') return result.value;
      fault(result.message);
      return otherwise;
    },
  };
}

export function short<F extends Flag<unknown>>(letter: string, flag: F): F {
  return { ...flag, short: letter };
}

/**
 * Reads the arguments after the command's name. `--help` and `-h` go before everything else. `build` makes the options of the
 * values and of the arguments that belong to no flag; it is asked only where every flag could be read, so that one mistake is
 * not told twice.
 */
export function readCommandLine<F extends Flags, T>(
  argv: readonly string[],
  flags: F,
  build: (values: Values<F>, rest: readonly string[], fault: ReportProblem) => T,
  env: Environment = {},
): CommandLine<T> {
  const { tokens } = parseArgs({
    args: [...argv],
    options: { ...parserOptions(flags), help: { type: 'boolean', short: 'h' } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const faults: string[] = [];
  const fault: ReportProblem = (said) => void faults.push(said);
  const given = new Map<string, string[]>();
  const rest: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') rest.push(token.value);
    if (token.kind !== 'option') continue;
    if (token.name === 'help' && token.value === undefined) return { kind: 'help' };
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
    if (flag === undefined) fault(`unknown option '${token.rawName}'`);
    else takeToken(token, flag, given, fault);
  }
  const values = Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [
      name,
      flag.read(given.get(name) ?? [], nameOf(name, flag), fault, env),
    ]),
  ) as Values<F>;
  if (faults.length > 0) return { kind: 'faults', faults };
  const options = build(values, rest, fault);
  return faults.length > 0 ? { kind: 'faults', faults } : { kind: 'options', options };
}

/** The same for a command line that takes nothing but flags. */
export function readFlags<F extends Flags, T>(
  argv: readonly string[],
  flags: F,
  build: (values: Values<F>, fault: ReportProblem) => T,
  env: Environment = {},
): CommandLine<T> {
  const buildAlone = (values: Values<F>, rest: readonly string[], fault: ReportProblem): T => {
    for (const word of rest) fault(`unknown argument "${word}"`);
    return build(values, fault);
  };
  return readCommandLine(argv, flags, buildAlone, env);
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function takeToken(
  { name, rawName, value, inlineValue }: OptionToken,
  flag: Flag<unknown>,
  given: Map<string, string[]>,
  fault: ReportProblem,
): void {
  const before = given.get(name);
  if (!flag.takesValue) {
    if (value !== undefined && flag.mayTakeValue !== true) fault(`${rawName} takes no value`);
    given.set(name, [value ?? '']);
    return;
  }
  // `-` alone is standard input.
  const isNextFlag = inlineValue === false && value !== '-' && value?.startsWith('-') === true;
  if (value === undefined || isNextFlag) fault(`${rawName} needs a value`);
  else if (before !== undefined && flag.repeats !== true) fault(`${rawName} is given twice`);
  else if (before !== undefined) before.push(value);
  else given.set(name, [value]);
}

/** A flag of one letter that people write as such is named so: `-o`. */
function nameOf(name: string, flag: Flag<unknown>): string {
  return name === 'output' && flag.short !== undefined ? `-${flag.short}` : `--${name}`;
}

function parserOptions(
  flags: Flags,
): Record<string, { type: 'string' | 'boolean'; multiple: boolean; short?: string }> {
  return Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [
      name,
      {
        type: flag.takesValue ? 'string' : 'boolean',
        multiple: true,
        ...(flag.short === undefined ? {} : { short: flag.short }),
      },
    ]),
  );
}
