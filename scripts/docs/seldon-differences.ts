// What differs from Seldon Core v1 on purpose, with the reason: the one list that the docs have. The cases of the
// conformance replay that differ are the tests' own list, and come at its end.
import { DIFFERENCES } from '../../e2e/conformance/differences.ts';
import { code, table } from './markdown.ts';

interface Difference {
  readonly about: string;
  readonly seldon: string;
  readonly here: string;
  readonly why: string;
}

const ROWS: readonly Difference[] = [
  {
    about: 'who walks the graph',
    seldon: 'a container of its own (executor) makes every call',
    here: 'Envoy with a filter beside it; the last call of a walk, and whole graphs where it can, are Envoy’s alone',
    why: 'answers stream; retries, timeouts and metrics are those of the mesh',
  },
  {
    about: 'a route out of range, or below −2',
    seldon: 'a crash: the connection is cut, or the whole process ends',
    here: '`ROUTE_OUT_OF_RANGE`, 500 (gRPC 13)',
    why: 'an error has to say what it is',
  },
  {
    about: 'a route answer without a number (no data, empty array, a text)',
    seldon: 'a crash, or all children',
    here: '`ROUTE_UNUSABLE`, 500 (gRPC 13)',
    why: 'the same; a guess would hide a broken router',
  },
  {
    about: 'a route answer with fields that Seldon does not know',
    seldon: 'refused: it is parsed strictly',
    here: 'only `data` is looked at, the rest is passed over',
    why: 'wrappers add fields; the branch is clear all the same',
  },
  {
    about: 'a unit answers 2xx other than 200',
    seldon: 'an error with that status: the walk ends',
    here: 'a success: the walk goes on, the client gets the status of the unit that answers last',
    why: '201 and 202 are successes in HTTP',
  },
  {
    about: 'a unit answers 204 or an empty body',
    seldon: 'an error',
    here: 'an empty message, which the next unit gets; below a combiner `ANSWER_NOT_JSON`',
    why: 'there is nothing to put into the list of answers',
  },
  {
    about: 'a unit answers with a redirect',
    seldon: 'followed',
    here: 'passed to the client as the unit’s answer',
    why: 'a proxy does not go where a unit points',
  },
  {
    about: 'errors over REST',
    seldon: 'JSON sent as `text/plain`, a content encoding lost',
    here: '`application/json` for our own; a unit’s error keeps its content type and encoding',
    why: 'clients can read them',
  },
  {
    about: 'the code of an error',
    seldon: 'a text in the words of Go',
    here: 'a stable code in the header `sidegraph-error` and a sentence in `status.info`',
    why: 'programs can tell errors apart; see errors.md',
  },
  {
    about: 'response headers of the answering unit',
    seldon: 'dropped but for content type and encoding',
    here: 'passed on, all but hop-by-hop ones; CORS, nosniff, puid and `ce-*` are ours',
    why: 'asked for often; Envoy’s own way',
  },
  {
    about: 'bodies of successes',
    seldon: '`<`, `>`, `&` rewritten as escapes',
    here: 'byte for byte',
    why: 'the same JSON, and signatures stay valid',
  },
  {
    about: 'content encoding on the way',
    seldon: 'the client’s header is repeated on later calls',
    here: 'each call has that of the message that it carries',
    why: 'the header describes the body',
  },
  {
    about: 'query string of a request',
    seldon: 'dropped',
    here: 'dropped, but a graph that is one native unit gets it',
    why: 'wrappers prefer `?json=` to the body, which a walk has changed',
  },
  {
    about: 'the client goes away',
    seldon: 'calls over REST go on',
    here: 'all calls in flight are cancelled',
    why: 'nobody waits for the answer',
  },
  {
    about: 'which branches were taken',
    seldon:
      'in the body only, when an environment variable asks for it and the unit wrote a `meta`',
    here: 'header `seldon-routing` on every answer; in the body on demand, once, `meta` made where it is missing',
    why: 'feedback needs it, and a header costs no reading of bodies',
  },
  {
    about: 'routing of a feedback',
    seldon: 'read from the body only',
    here: 'from the body, else from the header `seldon-routing`, which is then written into the body that units get',
    why: 'a client can send back what it got; the wrapper’s routers read the body alone',
  },
  {
    about: 'a feedback whose routing names no child, or −2',
    seldon: 'a crash',
    here: '`FEEDBACK_ROUTING_INVALID`, 400; −2 asks no child',
    why: 'the client’s mistake, said so',
  },
  {
    about: 'feedback over gRPC to a root that takes none',
    seldon: 'an error about an empty answer',
    here: 'an empty SeldonMessage',
    why: 'there is nothing wrong with it',
  },
  {
    about: 'SIMPLE_MODEL, SIMPLE_ROUTER, AVERAGE_COMBINER',
    seldon: 'documented, but without effect since 1.13',
    here: 'as documented: a constant answer, child 0, the element-wise mean; on REST and gRPC',
    why: 'manifests in use have them',
  },
  {
    about: 'RANDOM_ABTEST',
    seldon: '`ratioA` counts only as the one parameter; one child can crash it',
    here: '`ratioA` among any parameters; two children are checked for; the draw is Envoy’s where it can be',
    why: 'as documented',
  },
  {
    about: 'graph metadata with a built-in',
    seldon: 'a crash',
    here: 'the built-in is listed as `{name, platform: "sidegraph"}`',
    why: 'the rest of the graph has metadata',
  },
  {
    about: 'size of a request',
    seldon: 'no bound',
    here: '32 MiB unless annotated, then 413 (gRPC 8)',
    why: 'memory is bounded',
  },
  {
    about: 'time of a whole request',
    seldon: 'no bound',
    here: '300 s unless annotated, then 504 (gRPC 4); bounds of single calls as in Seldon',
    why: 'no request hangs for ever',
  },
  {
    about: 'readiness',
    seldon: 'dials one port of each unit without a limit',
    here: 'a unit is up when any of its ports accepts within 1 s; shadows take no part',
    why: 'a probe that hangs is of no use',
  },
  {
    about: 'paths with another method',
    seldon: '405 with a text',
    here: '405 without a body; OPTIONS 200 with the CORS headers, with or without an `Origin`',
    why: 'Envoy answers it alone',
  },
  {
    about: 'headers `x-sidegraph-*` and `x-envoy-*` of clients',
    seldon: 'passed to units',
    here: 'removed before anything else',
    why: 'they would steer Envoy and the filter',
  },
  {
    about: 'annotations',
    seldon: 'one value with `=` silently disables all timeouts',
    here: 'each is read and judged by itself (`ANNOTATION_VALUE`)',
    why: 'mistakes are told',
  },
  {
    about: 'checks of a manifest',
    seldon: 'the first mistakes only; arity of routers, parameter types and more unchecked',
    here: 'every finding at once, with path, line, code and advice; see errors.md',
    why: 'a mistake costs one look, not one try each',
  },
  {
    about: 'one unit named twice in a graph (`UNIT_DUPLICATE`)',
    seldon: 'both places ask the one container',
    here: 'refused',
    why: 'the name says who is meant in `seldon-routing`, feedback, metadata and metrics: with two places they could not be told apart. Two units over one model are two names, the second with an endpoint at the address of the first',
  },
  {
    about: 'one container name in two componentSpecs (`CONTAINER_DUPLICATE`)',
    seldon:
      'one Service over both Deployments: requests go to either version, in proportion to their pods',
    here: 'refused',
    why: 'which version answered could not be told, nor its share be set; two predictors with `traffic`, or a RANDOM_ABTEST over two units, do it with shares and with names',
  },
  {
    about: 'a key that a mapping has twice',
    seldon: 'the last one counts, without a word (kubectl)',
    here: 'the last one counts, with the warning `KEY_DUPLICATE`',
    why: 'it is nearly always a mistake',
  },
  {
    about: '`children` as a single object, names with `_`',
    seldon: 'a list only; names as Kubernetes has them',
    here: 'accepted',
    why: 'old articles and manifests have them',
  },
  {
    about: 'protocols tensorflow and v2, server type kafka',
    seldon: 'served',
    here: 'the protocols are refused (`PROTOCOL_NOT_SERVED`), kafka is left out with a warning',
    why: 'not built yet',
  },
  {
    about: 'payload logger, explainer, `ssl`, `kedaSpec`, Jaeger',
    seldon: 'served',
    here: 'left out with the warning `FEATURE_NOT_SERVED` (Jaeger: without one)',
    why: 'not built yet',
  },
];

export function seldonDifferences(): string {
  const cases = Object.entries(DIFFERENCES).map(([id, reason]) => [
    `recorded case ${code(id)}`,
    'as recorded',
    'otherwise',
    reason,
  ]);
  return table(
    ['about', 'Seldon Core 1.17', 'Sidegraph', 'why'],
    [...ROWS.map(({ about, seldon, here, why }) => [about, seldon, here, why]), ...cases],
  );
}
