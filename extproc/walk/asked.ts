// What a request asks for besides a prediction: the model that it names, in its path (REST) or in its message (gRPC), and another last
// call. A name of the graph's units stands for the graph, whose units then are called by their own; any other name is a model's that
// every unit has (as Seldon's executor takes it).
import { dialectOf } from '../../dialects/known/dialects.ts';
import { messagesOf } from '../../dialects/known/messages.ts';
import { gatewayPrefix } from '../../graph/plan/names.ts';
import type { Plan, Transport } from '../../graph/plan/plan.ts';
import type { Exchange } from '../contract/exchange.ts';
import type { Asked } from './context.ts';

/** Undefined for protocols whose requests are all ordinary. */
export function compileAsked(
  plan: Plan,
  transport: Transport,
): ((exchange: Exchange) => Asked | undefined) | undefined {
  const { modelInPath, lastInPath } = dialectOf(plan.dialect);
  const { requests } = messagesOf(plan.dialect, transport);
  const named = transport === 'grpc' ? requests : modelInPath;
  if (named === undefined && lastInPath === undefined) return undefined;
  const units = new Map(plan.units.map((unit, index) => [unit.name, index]));
  const models = new Map(
    plan.edges.map(({ unit, model }) => [unit, encodeURIComponent(model)] as const),
  );
  const prefix = gatewayPrefix(plan);

  const modelInMessage = ({ message }: Exchange): Model => {
    const model = requests?.modelIn(message) ?? '';
    return model === '' || units.has(model) ? OWN_NAMES : { model, unit: undefined };
  };
  const modelIn = (path: string): Model => {
    const found = modelInPath?.(path);
    if (found === undefined) return OWN_NAMES;
    const unit = units.get(found.model);
    if (unit === undefined) return { model: found.model + found.version, unit: undefined };
    if (found.version === '') return OWN_NAMES;
    return { model: (models.get(unit) ?? found.model) + found.version, unit };
  };
  return (exchange) => {
    const whole = exchange.headers.find(':path') ?? '';
    const path = whole.startsWith(prefix) ? whole.slice(prefix.length) : whole;
    const { model, unit } = transport === 'grpc' ? modelInMessage(exchange) : modelIn(path);
    const last = lastInPath?.(path);
    return model === undefined && last === undefined ? undefined : { model, unit, last };
  };
}

type Model = Pick<Asked, 'model' | 'unit'>;

const OWN_NAMES: Model = { model: undefined, unit: undefined };
