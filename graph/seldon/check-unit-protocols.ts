// Units that speak another protocol than their graph: what cannot be said in both is refused, with the reason.
import { isTranslated } from '../../dialects/known/pairs.ts';
import { findBuiltIn } from '../built-ins/table.ts';
import type { FindingSink } from '../manifest/finding.ts';
import { joinPath } from '../manifest/manifest-lines.ts';
import { shorten } from '../manifest/shorten.ts';
import type { DialectName } from '../plan/plan.ts';
import { parseProtocol } from '../plan/words.ts';
import {
  findProtocolSetting,
  parseUnitProtocols,
  PROTOCOL_ANNOTATION,
  PROTOCOL_WANTED,
} from './unit-protocols.ts';
import {
  listWrittenUnits,
  type WrittenDeployment,
  type WrittenPredictor,
  type WrittenUnit,
} from './written.ts';

export function checkUnitProtocols(
  deployment: WrittenDeployment,
  predictor: WrittenPredictor,
  sink: FindingSink,
): void {
  const setting = findProtocolSetting(deployment, predictor);
  if (setting === undefined) return;
  const place = joinPath(setting.path, PROTOCOL_ANNOTATION);
  const read = parseUnitProtocols(setting.value);
  if (read === undefined) {
    const what = `${PROTOCOL_ANNOTATION} is ${shorten(setting.value)}`;
    sink.add('ANNOTATION_VALUE', place, what, `write ${PROTOCOL_WANTED}`);
    return;
  }
  const graph = parseProtocol(deployment.protocol || 'seldon');
  if (graph === undefined) return;
  const units = listWrittenUnits(predictor.graph);
  // One that stands for all predictors may name units of the others.
  const isOwn = setting.path.startsWith(predictor.path);
  for (const name of read.named.keys()) {
    if (!isOwn || units.some((unit) => unit.name === name)) continue;
    const what = `${PROTOCOL_ANNOTATION} names ${shorten(name)}, which is no unit`;
    sink.add('ANNOTATION_VALUE', place, what, 'name units of the graph');
  }
  for (const unit of units) {
    const named = read.named.get(unit.name);
    const protocol = named ?? read.others ?? graph;
    const why = whyNot(unit, graph, protocol, named !== undefined);
    if (why === undefined) continue;
    const what = `${unit.name} speaks ${protocol} in a graph of ${graph}: ${why}`;
    sink.add('UNIT_PROTOCOL', place, what);
  }
}

/** Undefined where it can be done; `isNamed`: a built-in that only all units' protocol covers has none. */
function whyNot(
  unit: WrittenUnit,
  graph: DialectName,
  protocol: DialectName,
  isNamed: boolean,
): string | undefined {
  if (protocol === graph) return undefined;
  if (findBuiltIn(unit.implementation) !== undefined)
    return isNamed ? 'a built-in speaks none' : undefined;
  const methods = (unit.methods ?? []).map(({ name }) => name);
  if (unit.type === 'COMBINER' || methods.includes('AGGREGATE'))
    return 'a combiner gets a list of responses, which only its own protocol has';
  if (!isTranslated(graph, protocol)) return 'what the one says has no place in the other';
  return undefined;
}
