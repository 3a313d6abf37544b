// The CustomResourceDefinition of SeldonDeployment. The three versions have one schema, so the API server converts between
// them by the label alone, and no webhook is between a client and its objects.
import { dump } from 'js-yaml';
import { DEPLOYMENT_SCHEMA } from './deployment.ts';
import { renderSchema } from './render-schema.ts';
import { GROUP, KIND, PLURAL, STORED_VERSION, VERSIONS } from './names.ts';

/** What `kubectl get sdep` shows; those of priority 1 only with `-o wide`. */
const COLUMNS = [
  {
    name: 'State',
    type: 'string',
    jsonPath: '.status.state',
    description: 'Available, Creating or Failed.',
  },
  {
    name: 'Replicas',
    type: 'integer',
    jsonPath: '.status.replicas',
    description: 'Number of pods, of all predictors.',
  },
  {
    name: 'Address',
    type: 'string',
    jsonPath: '.status.address.url',
    description: 'Where it is called from inside of the cluster.',
  },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  {
    name: 'Reason',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
    description: 'Why it is not ready, in a word.',
    priority: 1,
  },
  {
    name: 'Predictors',
    type: 'string',
    jsonPath: '.spec.predictors[*].name',
    description: 'Names of the predictors.',
    priority: 1,
  },
  {
    name: 'Protocol',
    type: 'string',
    jsonPath: '.spec.protocol',
    description: 'The protocol of the units; seldon if absent.',
    priority: 1,
  },
  {
    name: 'Message',
    type: 'string',
    jsonPath: '.status.summary',
    description: 'Why it is not ready, in few words; the condition Ready says all of it.',
  },
];

const HEADER = '# Generated from graph/crd; change it there.\n';

export function renderCrd(): Readonly<Record<string, unknown>> {
  const openAPIV3Schema = renderSchema(DEPLOYMENT_SCHEMA.node);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${PLURAL}.${GROUP}`, labels: { 'app.kubernetes.io/name': 'sidegraph' } },
    spec: {
      group: GROUP,
      names: {
        kind: KIND,
        listKind: `${KIND}List`,
        plural: PLURAL,
        singular: KIND.toLowerCase(),
        shortNames: ['sdep'],
      },
      scope: 'Namespaced',
      conversion: { strategy: 'None' },
      versions: VERSIONS.map((name) => ({
        name,
        served: true,
        storage: name === STORED_VERSION,
        additionalPrinterColumns: COLUMNS,
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.replicas',
            statusReplicasPath: '.status.replicas',
            labelSelectorPath: '.status.selector',
          },
        },
        schema: { openAPIV3Schema },
      })),
    },
  };
}

/** Depth in the file from which everything is on one line: below the first children, indentation would double its size. */
const FLOW_LEVEL = 20;

/** The file in the chart. */
export function renderCrdText(): string {
  return HEADER + dump(renderCrd(), { lineWidth: -1, noRefs: true, flowLevel: FLOW_LEVEL });
}
