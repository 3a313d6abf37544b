// The schema of one unit of a graph (Seldon's PredictiveUnit) and of what hangs on it.
import { BUILT_INS } from '../built-ins/table.ts';
import type { TypeOf } from './schema.ts';
import { children, int, list, object, text } from './schema.ts';

export const ENDPOINT = object(
  'Where the unit listens, when it is not a container of this deployment.',
  {
    service_host: text('Name or address of the host.'),
    service_port: int('Port of the type that is named, for a unit with one port only.'),
    type: text(
      'REST or GRPC: how the unit is called. Without it both are tried by the transport of the request.',
    ),
    httpPort: int('Port for REST.'),
    grpcPort: int('Port for gRPC.'),
  },
);

const PARAMETER = object('One parameter of the unit.', {
  name: text('Name of the parameter, once a unit.'),
  value: text('Value as text; it is read by its type.'),
  type: text('INT, FLOAT, DOUBLE, STRING or BOOL.'),
});

const LOGGER = object('Where the payloads of this unit are logged.', {
  url: text('URL that gets them as CloudEvents.'),
  mode: text('What is logged: all, request or response.'),
});

export const UNIT = object(
  'A unit of the graph, with the units behind it as its children; the first gets the requests.',
  {
    name: text(
      'Name of the unit, and of the container that serves it. Required, once a predictor.',
    ),
    type: text(
      'What the unit does: MODEL, ROUTER, COMBINER, TRANSFORMER or OUTPUT_TRANSFORMER. MODEL without it.',
    ),
    implementation: text(
      `A built-in unit (${Object.keys(BUILT_INS).join(', ')}) or a prepackaged server such as SKLEARN_SERVER.`,
    ),
    methods: list(
      'Calls that the unit gets, besides those of its type.',
      text('TRANSFORM_INPUT, TRANSFORM_OUTPUT, ROUTE, AGGREGATE or SEND_FEEDBACK.'),
    ),
    endpoint: ENDPOINT,
    parameters: list('Parameters that the unit is started with.', PARAMETER),
    modelUri: text('Where the model is; it is loaded before the unit starts.'),
    serviceAccountName: text('Service account whose credentials load the model.'),
    envSecretRefName: text('Secret whose keys are the environment of the storage initializer.'),
    storageInitializerImage: text('Image of the storage initializer, in place of the default.'),
    logger: LOGGER,
    children: children('The units behind this one: a list, or a single unit.'),
  },
);

type Unrolled = Omit<TypeOf<typeof UNIT>, 'children'>;

/** A unit as it is stored. */
export interface UnitSpec extends Unrolled {
  readonly children?: UnitSpec | readonly UnitSpec[];
}
