// The model that a request names, in its path (REST) or in its message (gRPC). A name of the graph's units stands for the graph,
// whose units then are called by their own; any other name is a model's that every unit has (as Seldon's executor takes it).
import { dialectOf } from '../../dialects/known/dialects.ts';
import { messagesOf } from '../../dialects/known/messages.ts';
import { gatewayPrefix } from '../../graph/plan/names.ts';
import type { Plan, Transport } from '../../graph/plan/plan.ts';
import type { Exchange } from '../contract/exchange.ts';
import type { Named } from './context.ts';

/** Null for protocols whose requests name no model. */
export function compileNamed(
  plan: Plan,
  transport: Transport,
): ((exchange: Exchange) => Named | null) | null {
  const units = new Map(plan.units.map((unit, index) => [unit.name, index]));
  const { modelInPath } = dialectOf(plan.dialect);
  const { requests } = messagesOf(plan.dialect, transport);
  if (transport === 'grpc') {
    if (requests === null) return null;
    return ({ message }) => {
      const model = requests.modelIn(message);
      return model === '' || units.has(model) ? null : { unit: null, model };
    };
  }
  if (modelInPath === null) return null;
  const models = new Map(
    plan.edges.map(({ unit, model }) => [unit, encodeURIComponent(model)] as const),
  );
  const prefix = gatewayPrefix(plan);
  return ({ headers }) => {
    const path = headers.find(':path') ?? '';
    const named = modelInPath(path.startsWith(prefix) ? path.slice(prefix.length) : path);
    if (named === null) return null;
    const unit = units.get(named.model);
    if (unit === undefined) return { unit: null, model: named.model + named.version };
    if (named.version === '') return null;
    return { unit, model: (models.get(unit) ?? named.model) + named.version };
  };
}
