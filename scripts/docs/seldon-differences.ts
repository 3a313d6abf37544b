// What differs from Seldon Core v1 on purpose, with the reason: the one list that the docs have. A row names the cases of the
// conformance replay that differ because of it, so that a test can hold the two lists together; the page does not show them.
import { table } from './markdown.ts';

interface Difference {
  readonly about: string;
  readonly seldon: string;
  readonly here: string;
  readonly why: string;
  /** Of `e2e/conformance/differences.ts`. */
  readonly cases?: readonly string[];
}

const ROWS: readonly Difference[] = [
  {
    about: 'who walks the graph',
    seldon: 'a container of its own (executor) makes every call',
    here: 'Envoy, with a filter beside it; the last call of a walk is Envoy’s, and so are whole graphs where possible',
    why: 'responses stream; retries, timeouts and metrics are those of the mesh',
  },
  {
    about: 'a route out of range, or below −2',
    seldon: 'a crash: the connection is cut, or the whole process ends',
    here: '`ROUTE_OUT_OF_RANGE`, 500 (gRPC 13)',
    why: 'an error has to say what it is',
  },
  {
    about: 'a router’s response without a number (no data, an empty array, a text)',
    seldon: 'a crash, or all children',
    here: '`ROUTE_UNUSABLE`, 500 (gRPC 13)',
    why: 'the same; a guess would hide a broken router',
  },
  {
    about: 'a router’s response with fields that Seldon does not know',
    seldon: 'an error: it is parsed strictly',
    here: 'only `data` is looked at, the rest is ignored',
    why: 'wrappers add fields, and the branch is clear anyway',
  },
  {
    about: 'a unit responds with 2xx other than 200',
    seldon: 'an error with that status: the walk ends',
    here: 'a success: the walk goes on, and the client gets the status and content type of the last unit',
    why: '201 and 202 are successes in HTTP',
    cases: ['sc-107'],
  },
  {
    about: 'a unit responds with 204 or an empty body',
    seldon: 'an error',
    here: 'an empty message, which the next unit gets; below a combiner `ANSWER_MALFORMED`',
    why: 'there is nothing to put into the list of responses',
  },
  {
    about: 'a unit responds with a redirect',
    seldon: 'followed',
    here: 'passed to the client as it is',
    why: 'a proxy does not go where a unit points',
  },
  {
    about: 'errors over REST',
    seldon: 'JSON sent as `text/plain`; a content encoding is lost',
    here: '`application/json` for our own; a unit’s error keeps its content type and encoding',
    why: 'clients can read them',
  },
  {
    about: 'the code of an error',
    seldon: 'a text from Go’s library',
    here: 'a stable code in the header `sidegraph-error` and a sentence in `status.info`',
    why: 'programs can tell errors apart; see errors.md',
  },
  {
    about: 'response headers of the last unit',
    seldon: 'dropped, except content type and encoding',
    here: 'passed on, except hop-by-hop ones; CORS, nosniff, puid and `ce-*` are ours',
    why: 'often asked for, and what Envoy does',
  },
  {
    about: 'bodies of successes',
    seldon: '`<`, `>`, `&` rewritten as escapes',
    here: 'byte for byte',
    why: 'it is the same JSON, and signatures stay valid',
    cases: ['sc-067'],
  },
  {
    about: 'content encoding between units',
    seldon: 'the client’s header is repeated on later calls',
    here: 'each call has the encoding of the message that it carries',
    why: 'the header describes the body',
  },
  {
    about: 'query string of a request',
    seldon: 'dropped',
    here: 'dropped, except for a graph of one native unit',
    why: 'wrappers prefer `?json=` over the body, which a walk has changed',
  },
  {
    about: 'the client goes away',
    seldon: 'calls over REST go on',
    here: 'all calls in flight are cancelled',
    why: 'nobody is waiting for the response',
  },
  {
    about: 'which branches were taken',
    seldon:
      'in the body only, when an environment variable asks for it and the unit wrote a `meta`',
    here: 'the header `seldon-routing` on every response; in the body on demand, with `meta` added where it is missing',
    why: 'feedback needs it, and with a header no body has to be read',
  },
  {
    about: 'routing of a feedback',
    seldon: 'read from the body only',
    here: 'from the body, else from the header `seldon-routing`, which is then written into the body that units get',
    why: 'a client can send back what it got; the wrapper’s routers read only the body',
  },
  {
    about: 'feedback with a response that has nothing but `meta.puid`, in a graph with routers',
    seldon: 'to all children',
    here: 'to the branches that the request of that puid took; without it an error ([feedback.md](feedback.md#by-puid))',
    why: 'it names one request, and units that did not serve it would learn from what they did not do',
  },
  {
    about: 'counters of feedback and reward',
    seldon:
      'from the Python wrapper; a reward of 0 is not counted, one below 0 lets the counter fall',
    here: 'from the pod too, for every unit on the way; rewards of 0 count, those below 0 have a counter of their own',
    why: 'a mean needs all of them, and Prometheus takes a counter that falls for a restart',
  },
  {
    about: 'a feedback whose routing names no child, or −2',
    seldon: 'a crash',
    here: '`FEEDBACK_ROUTING_INVALID`, 400; −2 calls no child',
    why: 'it is the client’s mistake, and the client is told',
  },
  {
    about: 'feedback over gRPC to a root that takes none',
    seldon: 'an error about an empty response',
    here: 'an empty SeldonMessage',
    why: 'nothing is wrong with it',
  },
  {
    about: 'SIMPLE_MODEL, SIMPLE_ROUTER, AVERAGE_COMBINER',
    seldon: 'documented, but without effect since 1.13',
    here: 'as documented: a constant response, child 0, the element-wise mean; on REST and gRPC',
    why: 'manifests in use have them',
  },
  {
    about: 'RANDOM_ABTEST',
    seldon: '`ratioA` counts only as the sole parameter; one child can crash it',
    here: '`ratioA` among any parameters; anything but two children is a finding; Envoy draws where possible',
    why: 'as documented',
  },
  {
    about: 'multi-armed bandits (EPSILON_GREEDY, THOMPSON_SAMPLING)',
    seldon:
      'images; `int(reward × rows)` successes, `best_branch` 0 and `seed` 0 count as not given, rewards out of 0 to 1 are added as they are',
    here: 'built-ins, and the images too; reward × rows successes, 0 is a value like any other, rewards count as 0 to 1',
    why: 'feedback by puid is of one row, of which a reward of 0.8 would be a failure; a value has to stay between 0 and 1 ([learning.md](learning.md))',
  },
  {
    about: 'graph metadata with a built-in',
    seldon: 'a crash',
    here: 'the built-in is listed as `{name, platform: "sidegraph"}`',
    why: 'the rest of the graph has metadata',
  },
  {
    about: 'size of a request',
    seldon: 'no limit',
    here: '32 MiB unless annotated, then 413 (gRPC 8)',
    why: 'memory is limited',
  },
  {
    about: 'time of a whole request',
    seldon: 'no limit',
    here: '300 s unless annotated, then 504 (gRPC 4); timeouts of single calls as in Seldon',
    why: 'no request hangs forever',
  },
  {
    about: 'readiness',
    seldon:
      'dials one port of each unit, without a timeout; more with the flag `--full_health_checks`',
    here: 'dials every unit each time; a unit is up when any of its ports accepts within 1 s; shadows take no part',
    why: 'a probe that hangs is of no use',
    cases: ['sc-133', 'sc-135'],
  },
  {
    about: 'paths with another method',
    seldon: '405 with a text',
    here: '405 without a body; OPTIONS is 200 with the CORS headers, with or without an `Origin`',
    why: 'Envoy does this alone',
  },
  {
    about: 'headers `x-sidegraph-*` and `x-envoy-*` of clients',
    seldon: 'passed to units',
    here: 'removed before anything else',
    why: 'they would control Envoy and the filter',
  },
  {
    about: 'annotations',
    seldon: 'one value with `=` silently disables all timeouts',
    here: 'each is read and checked by itself (`ANNOTATION_VALUE`)',
    why: 'mistakes are reported',
  },
  {
    about: 'checks of a manifest',
    seldon:
      'the first mistakes only; numbers of children, parameter types and more are not checked',
    here: 'every finding at once, with path, line, code and advice; see errors.md',
    why: 'a mistake costs one look, not one try each',
  },
  {
    about: 'one unit named twice in a graph (`UNIT_DUPLICATE`)',
    seldon: 'both places call the one container',
    here: 'rejected',
    why: 'the name identifies a unit in `seldon-routing`, feedback, metadata and metrics. Two units over one model need two names, the second with an endpoint at the address of the first',
  },
  {
    about: 'one container name in two componentSpecs (`CONTAINER_DUPLICATE`)',
    seldon:
      'one Service over both Deployments: requests go to either version, in proportion to their pods',
    here: 'rejected',
    why: 'nobody could see which version responded, or set its share; two predictors with `traffic`, or a RANDOM_ABTEST over two units, do that',
  },
  {
    about: 'a key that occurs twice in a mapping',
    seldon: 'the last one counts, silently (kubectl)',
    here: 'the last one counts, with the warning `KEY_DUPLICATE`',
    why: 'it is nearly always a mistake',
  },
  {
    about: 'a unit with `implementation: UNKNOWN_IMPLEMENTATION` and no type',
    seldon: 'never called: the request is the response',
    here: 'a MODEL, as without the implementation',
    why: 'both say that nothing is built in',
  },
  {
    about: '`children` as a single object, names with `_`',
    seldon: 'a list only; names as Kubernetes has them',
    here: 'accepted',
    why: 'old articles and manifests have them',
  },
  {
    about: 'server type kafka',
    seldon: 'the orchestrator consumes a topic and produces to another',
    here: 'rejected (`KAFKA_NOT_SERVED`)',
    why: 'a consumer with commits, retries and dead letters is a program of its own: Knative’s KafkaSource, Kafka Connect’s HTTP sink or Redpanda Connect post to the predictor’s Service and produce its responses',
  },
  {
    about: 'a model named by the client of a V2 or TensorFlow graph with several units',
    seldon: 'every unit is called by that name',
    here: 'the name of a unit stands for the graph, and each unit is called by its own; any other name goes to every unit',
    why: 'a unit knows its own model only; several servers of one model are still reached by its name',
  },
  {
    about: 'raw contents between V2 units over gRPC',
    seldon: 'lost: the next unit gets empty tensors',
    here: 'passed on; `id` and `parameters` too',
    why: 'they are the tensors',
  },
  {
    about: 'binary tensors of V2 over REST (`Inference-Header-Content-Length`)',
    seldon: 'an error, as the body is no JSON',
    here: 'served, between units too',
    why: 'Triton’s clients send them by default',
  },
  {
    about: '`outputs` of a TensorFlow unit (column format) before another unit',
    seldon: 'an error',
    here: 'they become `inputs`',
    why: 'the protocol has both formats',
  },
  {
    about: 'a router or combiner of V2 or TensorFlow over gRPC',
    seldon: 'a crash',
    here: 'called by the protocol’s one method; a router responds with a tensor, a combiner gets all outputs as inputs',
    why: 'there is no other method',
  },
  {
    about: 'a V2 or TensorFlow router’s response over REST',
    seldon: 'a SeldonMessage or a list of integers',
    here: 'these, and the protocol’s own tensor',
    why: 'servers of the protocol can be routers',
  },
  {
    about: 'NaN and infinities in JSON of V2 and TensorFlow',
    seldon: 'an error between units',
    here: 'passed on',
    why: 'the servers write them',
  },
  {
    about: 'status or metadata of a V2 or TensorFlow model that nobody has',
    seldon: '500',
    here: '`MODEL_UNKNOWN`, 404 (gRPC 5); with protocol `seldon` 500, as from Seldon',
    why: 'servers of the protocols say that it is not found, and 500 sets off alarms',
  },
  {
    about: '`/v2`, `/v2/health/live`, gRPC ServerLive, ServerReady, ServerMetadata',
    seldon: 'not found; a crash over gRPC',
    here: 'served for the graph',
    why: 'clients of the protocol call them',
  },
  {
    about: 'errors of the data plane in V2 and TensorFlow graphs',
    seldon: 'Seldon’s body',
    here: '`error`, as the protocol has it, beside Seldon’s `status`',
    why: 'clients of the protocol look there',
  },
  {
    about: '`Seldon-Puid` in TensorFlow responses over gRPC',
    seldon: 'not there',
    here: 'in the headers, as for every protocol',
    why: 'a request can be found in the logs by it',
    cases: ['sg-035'],
  },
  {
    about: 'several TENSORFLOW_SERVER in one pod behind protocol seldon',
    seldon: 'they share one container `tfserving`, with the model of the first',
    here: 'each has one, `tfserving`, `tfserving-2` …, with ports of its own',
    why: 'each unit asks for its own model',
  },
  {
    about: 'an explainer of an unknown type',
    seldon: 'its server ends at its start',
    here: '`EXPLAINER_INVALID`, unless its container has an image of its own',
    why: 'a mistake costs one look',
  },
  {
    about: 'the key of `ssl`',
    seldon: 'the name of the key’s file is taken from the variable of the certificate’s',
    here: '`SELDON_CERT_KEY_FILE_NAME`, `tls.key` without it; renewed files are served at once',
    why: 'each variable means what its name says',
  },
  {
    about: 'Jaeger',
    seldon: 'spans to the ports of its agent or its collector',
    here: 'spans as OTLP over HTTP, to port 4318 of the same host',
    why: 'Jaeger takes OTLP as others do, so there is one format',
  },
  {
    about: 'payload log of a unit with children',
    seldon: 'its request is logged twice: before its own call, and as what its children get',
    here: 'logged once, as it enters the unit',
    why: 'the second one is the unit’s own response, under the name of a request',
  },
  {
    about: 'payload logs in Kafka',
    seldon: 'headers of its own; a message that is not delivered is lost without a word',
    here: 'the headers of CloudEvents beside them; every replica in sync confirms, and what is lost is counted',
    why: 'consumers of CloudEvents read them as they are',
  },
  {
    about: 'a router that fails',
    seldon: 'its body is lost, and the executor writes its own',
    here: 'its status and body reach the client',
    why: 'as for every other unit',
    cases: ['sc-051'],
  },
  {
    about: 'headers that a page of another origin may send (CORS)',
    seldon: 'a list without its own headers',
    here: 'the same list, and `Seldon-Puid`, `Seldon-Routing` and `Sidegraph-Pod`',
    why: 'a page can give feedback to a router',
    cases: ['sc-069'],
  },
  {
    about: 'a request without a content type',
    seldon: 'units get an empty header',
    here: 'units get none',
    why: 'it is what the client sent',
    cases: ['sc-099'],
  },
];

export function seldonDifferences(): string {
  return table(
    ['about', 'Seldon Core 1.17', 'Sidegraph', 'why'],
    ROWS.map(({ about, seldon, here, why }) => [about, seldon, here, why]),
  );
}

/** Cases of the conformance replay that a row explains. */
export function explainedCases(): string[] {
  return ROWS.flatMap(({ cases = [] }) => cases).sort();
}
