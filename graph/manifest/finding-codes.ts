// Every code that a finding can have: how grave it is, what it means, what to do. One table; `check` prints from it and
// the docs list it. The rules are those of Seldon Core's webhook and the ones that it forgot.

interface FindingKind {
  readonly severity: 'error' | 'warning';
  readonly meaning: string;
  /** Used where the place of the finding has no better advice. */
  readonly advice: string;
}

const error = (meaning: string, advice: string): FindingKind => ({
  severity: 'error',
  meaning,
  advice,
});
const warning = (meaning: string, advice: string): FindingKind => ({
  severity: 'warning',
  meaning,
  advice,
});

export type FindingCode = keyof typeof FINDINGS;

export const FINDINGS = {
  // The file and its documents.
  MANIFEST_TOO_LARGE: error('the file exceeds the size limit', 'split the file'),
  YAML_SYNTAX: error('the file is neither YAML nor JSON', 'correct that line'),
  TEMPLATE_MARK: error(
    'the file is a template that was not rendered',
    'render it first (helm template, kustomize build, envsubst …) and check the result',
  ),
  KEY_DUPLICATE: warning(
    'a mapping has a key twice; the last value counts, as for kubectl',
    'remove one of them',
  ),
  VALUE_UNSUPPORTED: error(
    'a value has a YAML type that JSON does not know (binary, set)',
    'write a string, number, boolean, list or object',
  ),
  DOCUMENT_TOO_LARGE: error(
    'a document has too many values, counted after its aliases are expanded',
    'split the document, or use fewer aliases',
  ),
  DOCUMENT_TOO_DEEP: error(
    'a document is nested too deeply, or an alias contains itself',
    'flatten the graph, or remove the alias that contains itself',
  ),
  DOCUMENTS_TOO_MANY: error('the file has too many documents', 'split the file'),
  DOCUMENT_NOT_OBJECT: error(
    'a document is not an object',
    'write a SeldonDeployment: apiVersion, kind, metadata, spec',
  ),
  KIND_MISSING: error('a document has no kind', 'write `kind: SeldonDeployment`'),
  KIND_UNKNOWN: error(
    "a document is of a kind that Seldon's API does not have, or that is nearly SeldonDeployment",
    'write `kind: SeldonDeployment`',
  ),
  KIND_SKIPPED: warning(
    'a document is of a kind that is not read',
    'safe to ignore if intended for another tool',
  ),
  API_VERSION_UNKNOWN: error(
    'the apiVersion is none of the SeldonDeployment ones',
    'write machinelearning.seldon.io/v1 (or v1alpha2, v1alpha3)',
  ),
  NO_DEPLOYMENT: error('the file has no SeldonDeployment', 'name a file that has one'),
  NAME_TAKEN: error(
    'an object of the deployment would have a name that belongs to another deployment',
    'rename the deployment or the predictor',
  ),
  DEPLOYMENT_DUPLICATE: error(
    'two deployments in the file have the same namespace and name',
    'rename one of them',
  ),
  READER_FAILED: error('internal error while reading the manifest', 'report it with the file'),
  READER_TOO_SLOW: error(
    'reading the object takes longer than one object may delay the others',
    'make it smaller; if it is of ordinary size, report it with the object',
  ),
  READER_BUSY: error(
    'too many objects are waiting to be read, or the process is shutting down',
    'apply the object again in a moment',
  ),

  // Fields.
  FIELD_UNKNOWN: warning(
    'a field is not part of the format; it is ignored',
    'remove it, or correct its spelling',
  ),
  FIELD_WRONG_TYPE: error(
    'a field has the wrong JSON type',
    'write the type that the message names',
  ),
  FIELD_MISSING: error('a required field is missing or empty', 'add the field'),
  NAME_INVALID: error(
    'a name has characters that cannot be used',
    'use letters, digits, - and _ (inside), at most 63',
  ),
  NAME_TOO_LONG: error('a name is too long', 'shorten the name'),
  VALUE_TOO_LONG: error('a value is too long', 'shorten the value'),
  NUMBER_RANGE: error('a number is out of its range', 'write a number in the range'),

  // The deployment.
  PROTOCOL_UNKNOWN: error(
    'the protocol does not exist',
    'write seldon, tensorflow, v2, kfserving or openai',
  ),
  UNIT_PROTOCOL: error(
    'a unit speaks another protocol than its graph, and messages cannot be put into it',
    'let the unit speak the protocol of the graph, or take it out of sidegraph.io/protocol',
  ),
  TRANSPORT_UNKNOWN: error('the transport does not exist', 'write rest or grpc'),
  SERVER_TYPE_UNKNOWN: error('the serverType does not exist', 'write rpc or kafka'),
  KAFKA_NOT_SERVED: error(
    'serverType is kafka: graphs take requests by REST and gRPC only',
    'leave serverType out, and let a consumer post to the Service of the predictor: Knative’s KafkaSource, Kafka Connect’s HTTP sink, Redpanda Connect',
  ),
  TRACING_INVALID: warning(
    'a setting of traces cannot be used, and is ignored',
    'correct the variable in svcOrchSpec.env',
  ),
  EXPLAINER_INVALID: error(
    'an explainer cannot be made as it is written',
    'write a type of Alibi’s explainers, or an image of your own into containerSpec',
  ),
  OPTION_OFF: warning(
    'a part of the format needs an option of the cluster’s operator that is off',
    'set keda.enabled of the chart, or write an hpaSpec',
  ),
  ANNOTATION_VALUE: error(
    'an annotation has a value that cannot be used',
    'write a value of the kind that the message names',
  ),
  ANNOTATION_UNKNOWN: warning(
    'an annotation with our prefix is not known; it is ignored',
    'remove it, or correct its spelling',
  ),

  // Predictors and their traffic.
  PREDICTORS_MISSING: error('the deployment has no predictors', 'add spec.predictors with one'),
  PREDICTOR_DUPLICATE: error('two predictors have the same name', 'rename one of them'),
  SERVICE_NAME_DUPLICATE: error(
    'two predictors have the same annotation seldon.io/svc-name',
    'give each predictor a service name of its own',
  ),
  SHADOW_ALONE: error(
    'the only predictor is a shadow',
    'remove `shadow: true`, or add a predictor',
  ),
  SHADOW_MULTIPLE: error('there is more than one shadow', 'keep one shadow'),
  TRAFFIC_RANGE: error('traffic is not a percentage', 'write 0 to 100'),
  TRAFFIC_SUM: error(
    'the traffic of the predictors does not add up to 100',
    'make the traffic of all predictors but the shadow add up to 100',
  ),
  TRAFFIC_SINGLE: error(
    'the only predictor has a traffic other than 100',
    'remove traffic, or write 100',
  ),
  PREDICTORS_TOO_MANY: error('a deployment has too many predictors', 'split the deployment'),
  CONTAINERS_TOO_MANY: error('a predictor has too many containers', 'split the deployment'),
  NO_ENGINE_GRAPH: error(
    'seldon.io/no-engine on a graph of more than one unit',
    'remove the annotation, or the other units',
  ),
  GRAPH_TOO_LARGE: error('a graph has too many units, or is nested too deeply', 'split the graph'),

  // Units.
  UNIT_DUPLICATE: error(
    'two units of a predictor have the same name (ignoring case)',
    'rename one of them and its container',
  ),
  UNIT_TYPE_UNKNOWN: error(
    'the type of a unit does not exist',
    'write MODEL, ROUTER, COMBINER, TRANSFORMER or OUTPUT_TRANSFORMER',
  ),
  METHOD_UNKNOWN: error(
    'a method of a unit does not exist',
    'write TRANSFORM_INPUT, TRANSFORM_OUTPUT, ROUTE, AGGREGATE or SEND_FEEDBACK',
  ),
  METHODS_MISSING: error(
    'a unit of type UNKNOWN_TYPE has no methods: it would never be called',
    'give it a type, or methods',
  ),
  CONTAINER_MISSING: error(
    'a unit has neither a container of its name nor an address',
    'add a container with the name of the unit to componentSpecs, or an endpoint with service_host and httpPort, or run with --unit NAME=URL',
  ),
  CONTAINER_DUPLICATE: error(
    'two containers of a predictor have the same name',
    'rename one of them',
  ),
  POD_FIELD_UNKNOWN: error(
    'a pod has a field that Kubernetes does not have: it would reject the whole pod',
    'remove it, or move it to where it belongs',
  ),
  POD_FIELD_NEW: warning(
    'a pod has a field that the oldest supported Kubernetes does not have',
    'safe to ignore if all of your clusters are new enough',
  ),
  POD_INVALID: error(
    'a pod has a value that Kubernetes rejects',
    'write a value that Kubernetes accepts',
  ),
  LABEL_INVALID: error(
    'a label, or the name of an annotation, is not valid in Kubernetes',
    'write a valid one',
  ),
  IMAGE_MISSING: error('a container has no image', 'write its image'),
  IMAGE_LOCAL: warning(
    'a container has a command and no image: it runs on this machine, and Kubernetes would reject it',
    'safe to ignore for sidegraph run; for a cluster, write its image',
  ),
  PORT_CONFLICT: error(
    'two containers of one pod listen on the same port',
    'give one of them another port named http or grpc',
  ),
  ENDPOINT_CONTAINER: warning(
    'a unit has a container and an address beside it: the container is called',
    'remove the endpoint, or the container if the unit runs elsewhere',
  ),
  HOST_INVALID: error(
    'an address has a host that is neither an IP address nor a name',
    'write an IPv4 or IPv6 address, or a DNS name, without scheme, port and path',
  ),
  ENDPOINT_TYPE_UNKNOWN: error('the type of an endpoint does not exist', 'write REST or GRPC'),
  ENDPOINT_TYPES_MIXED: error(
    'the endpoints of a deployment have more than one type',
    'write one type everywhere, or none',
  ),
  TRANSPORT_MIXED: error(
    'the type of the endpoints contradicts spec.transport',
    'remove spec.transport, or make the types match it',
  ),
  ENDPOINT_INCOMPLETE: warning(
    'an endpoint has ports but no service_host; it is not used as an address',
    'add service_host, or remove the ports',
  ),
  LOGGER_MODE: error(
    'the mode of a logger is missing or unknown',
    'write all, request or response',
  ),
  LOGGER_URL: warning(
    'the sink of a logger is not a URL that payloads can be sent to: the graph is served, and each payload counts as failed',
    'write http://HOST/PATH, https://HOST/PATH or kafka://BROKER:PORT,BROKER:PORT/TOPIC, or leave url out for the default',
  ),
  PAYLOAD_LOG_VARIABLE: warning(
    'a variable of payload logs in svcOrchSpec.env cannot be used: the graph is served, and its payloads do not arrive',
    'write a value of the kind that the message names',
  ),
  CHILDREN_MISSING: error(
    'a unit that needs children has none',
    'add children, or give the unit another type',
  ),
  CHILDREN_COUNT: error(
    'a unit has the wrong number of children',
    'give it the number that the message names',
  ),
  CHILDREN_UNREACHABLE: error(
    'a unit has children that no request can reach',
    'remove the children, or the implementation',
  ),
  CHILDREN_DROPPED: warning(
    'a unit that neither routes nor combines has several children: all are called, and only the first response counts',
    'make the unit a ROUTER or COMBINER, or chain the children',
  ),
  BUILT_IN_IGNORES: warning(
    'a built-in implementation makes no calls: type, methods, container or endpoint beside it are not used',
    'remove what is not used, or the implementation',
  ),
  BUILT_IN_PROTOCOL: error(
    'a built-in unit cannot do its work on the messages of the deployment’s protocol',
    'use a unit of your own in its place',
  ),
  RATIO_INVALID: error(
    'ratioA of RANDOM_ABTEST is not a number from 0 to 1',
    'write the share of the first child, as in value: "0.5"',
  ),
  RATIO_MISSING: warning('RANDOM_ABTEST without ratioA: 0.5 is used', 'add the parameter ratioA'),
  LEARNER_PARAMETER: error(
    'a parameter of EPSILON_GREEDY or THOMPSON_SAMPLING is out of its range',
    'write a value in the range that the message names',
  ),
  PARAMETER_NO_EFFECT: warning(
    'a built-in router that learns does not use a parameter; it is ignored',
    'remove it; what such a router has learned is in the metrics',
  ),
  PARAMETER_TYPE_UNKNOWN: error(
    'the type of a parameter does not exist',
    'write INT, FLOAT, DOUBLE, STRING or BOOL',
  ),
  PARAMETER_VALUE: error(
    'the value of a parameter is not of its type',
    'correct the value, or the type',
  ),
  PARAMETER_DUPLICATE: error('two parameters of a unit have the same name', 'remove one of them'),
  MODEL_URI_MISSING: error(
    'a prepackaged server without modelUri',
    'add modelUri: where the artifact of the model is',
  ),
  SERVER_UNKNOWN: error(
    'the implementation is neither built in nor a known server, and the unit has no image or address of its own',
    'correct the spelling, or add a container with the name of the unit',
  ),
  SERVER_PROTOCOL: error(
    'the prepackaged server does not speak the protocol of the deployment',
    'use a server that speaks it',
  ),
  SERVER_TYPE_FORCED: warning(
    'a prepackaged server is always a MODEL; the type beside it is not used',
    'write type MODEL, or none',
  ),

  // In a cluster.
  ANNOTATION_NO_EFFECT: warning(
    'an annotation has no meaning here: Seldon’s for its orchestrator, or one of a deployment on a predictor; it is ignored',
    'remove it, if nothing else reads it',
  ),
  INJECTION_OFF: warning(
    'sidecar injection is not enabled in the namespace, so nothing serves the graph',
    'annotate the namespace with sidegraph.io/injection=enabled',
  ),
  INJECTION_REMOVED: warning(
    'sidecar injection is no longer enabled in the namespace; running predictors keep their sidecars',
    'annotate the namespace with sidegraph.io/injection=enabled, or delete the deployment',
  ),
  NAME_DERIVED: warning(
    'a name cannot be used by Kubernetes; another one was derived from it',
    'safe to ignore, or use lower-case letters, digits and -',
  ),
  POD_SETTING: warning(
    'a setting of a pod conflicts with others',
    'change the setting that the message names',
  ),
  SIDECAR_PORT: error(
    'a container listens on a port of the sidecars in its pod: none of its requests would reach it',
    'give it another port',
  ),
  SIDECAR_SETTING: warning(
    'a setting of the sidecars is out of its bounds; the default is used',
    'write a value within the bounds',
  ),
} as const satisfies Record<string, FindingKind>;
