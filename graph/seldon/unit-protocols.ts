// Which protocol a unit speaks where that is not its graph's: the annotation `sidegraph.io/protocol`. In: its value; out: a protocol for
// all units of a predictor, or for those that it names.
import type { DialectName } from '../plan/plan.ts';
import { parseProtocol } from '../plan/words.ts';
import type { WrittenDeployment, WrittenPredictor } from './written.ts';

export const PROTOCOL_ANNOTATION = 'sidegraph.io/protocol';
export const PROTOCOL_WANTED = 'one protocol for all units, or UNIT=PROTOCOL, with commas between';

export interface UnitProtocols {
  /** Of the units that are not named; undefined: the graph's. */
  readonly others: DialectName | undefined;
  readonly named: ReadonlyMap<string, DialectName>;
}

/** Undefined where the value is none. */
export function parseUnitProtocols(text: string): UnitProtocols | undefined {
  const named = new Map<string, DialectName>();
  let others: DialectName | undefined;
  for (const part of text.split(',')) {
    const [left = '', right, ...rest] = part.split('=').map((each) => each.trim());
    const protocol = parseProtocol(right ?? left);
    if (protocol === undefined || rest.length > 0) return undefined;
    if (right !== undefined) {
      if (left === '' || named.has(left)) return undefined;
      named.set(left, protocol);
    } else {
      if (others !== undefined) return undefined;
      others = protocol;
    }
  }
  return { others, named };
}

export interface ProtocolSetting {
  readonly value: string;
  /** Place of the annotations that it is in. */
  readonly path: string;
}

/** The nearest one counts: the predictor's, the spec's, the metadata's. */
export function findProtocolSetting(
  { path, annotations, metadataAnnotations }: WrittenDeployment,
  predictor: WrittenPredictor,
): ProtocolSetting | undefined {
  for (const [place, values] of [
    [`${predictor.path}.annotations`, predictor.annotations],
    [`${path}spec.annotations`, annotations],
    [`${path}metadata.annotations`, metadataAnnotations],
  ] as const) {
    const value = values[PROTOCOL_ANNOTATION];
    if (value !== undefined) return { value, path: place };
  }
  return undefined;
}

/** The protocol of a unit, as a word of `spec.protocol`. */
export function protocolOfUnit(
  deployment: WrittenDeployment,
  predictor: WrittenPredictor,
  unit: string,
): string {
  const setting = findProtocolSetting(deployment, predictor);
  const read = setting === undefined ? undefined : parseUnitProtocols(setting.value);
  return read?.named.get(unit) ?? read?.others ?? (deployment.protocol || 'seldon');
}
