// The names of the fields of a SeldonDeployment (Seldon Core 1.17, `seldondeployment_types.go`) and of the parts of a
// Kubernetes pod that are looked into. What is not listed gets a warning.

export const DEPLOYMENT_FIELDS = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];

export const SPEC_FIELDS = [
  'name',
  'predictors',
  'oauth_key',
  'oauth_secret',
  'annotations',
  'protocol',
  'transport',
  'replicas',
  'serverType',
];

export const PREDICTOR_FIELDS = [
  'name',
  'graph',
  'componentSpecs',
  'replicas',
  'annotations',
  'labels',
  'engineResources',
  'svcOrchSpec',
  'traffic',
  'explainer',
  'shadow',
  'ssl',
  'progressDeadlineSeconds',
];

export const ORCHESTRATOR_FIELDS = ['resources', 'env', 'replicas'];

export const COMPONENT_FIELDS = ['metadata', 'spec', 'hpaSpec', 'kedaSpec', 'pdbSpec', 'replicas'];

export const UNIT_FIELDS = [
  'name',
  'children',
  'type',
  'implementation',
  'methods',
  'endpoint',
  'parameters',
  'modelUri',
  'serviceAccountName',
  'envSecretRefName',
  'storageInitializerImage',
  'logger',
];

export const ENDPOINT_FIELDS = ['service_host', 'service_port', 'type', 'httpPort', 'grpcPort'];
export const PARAMETER_FIELDS = ['name', 'value', 'type'];
export const LOGGER_FIELDS = ['url', 'mode'];
export const EXPLAINER_FIELDS = [
  'type',
  'modelUri',
  'serviceAccountName',
  'containerSpec',
  'config',
  'endpoint',
  'envSecretRefName',
  'storageInitializerImage',
  'replicas',
  'initParameters',
];
