// Pods with one fault each, and pods without: what the checks say of them is compared with what a real API server says
// (e2e/control-plane/pods.test.ts), so that neither side of the table is a matter of opinion.

export interface PodCase {
  readonly name: string;
  /** Fields of the pod. */
  readonly pod?: object;
  /** Fields of its container. */
  readonly container?: object;
  /** What the one finding says; undefined for a pod that is taken. */
  readonly finding?: RegExp;
}

const DISK = { volumes: [{ name: 'disk', emptyDir: {} }] };
const probe = (fields: object): object => ({ container: { readinessProbe: fields } });
const port = (...ports: readonly object[]): object => ({ container: { ports } });
const env = (...entries: readonly object[]): object => ({ container: { env: entries } });
const resources = (fields: object): object => ({ container: { resources: fields } });

export const PODS: readonly PodCase[] = [
  { name: 'a plain pod' },
  {
    name: 'a pod with much in it',
    pod: {
      ...DISK,
      terminationGracePeriodSeconds: 5,
      restartPolicy: 'Always',
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }],
      initContainers: [{ name: 'first', image: 'example/first:1', restartPolicy: 'Always' }],
      affinity: {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            {
              weight: 1,
              podAffinityTerm: {
                topologyKey: 'kubernetes.io/hostname',
                labelSelector: { matchLabels: { app: 'x' } },
              },
            },
          ],
        },
      },
      securityContext: { runAsUser: 8888, fsGroup: 1, seccompProfile: { type: 'RuntimeDefault' } },
    },
    container: {
      command: ['serve'],
      args: ['--port', '$(PORT)'],
      env: [
        { name: 'PORT', value: '9000' },
        { name: 'KEY', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: true } } },
        { name: 'WITH.DOT-AND_DASH', value: '${NOT_A_TEMPLATE}' },
      ],
      envFrom: [{ configMapRef: { name: 'c' } }, { prefix: 'A_', secretRef: { name: 's' } }],
      ports: [
        { name: 'http', containerPort: 9000 },
        { name: 'dns', containerPort: 9000, protocol: 'UDP' },
      ],
      volumeMounts: [{ name: 'disk', mountPath: '/data', readOnly: true, subPath: 'a' }],
      resources: { requests: { cpu: '500m', memory: 64 }, limits: { cpu: '1', memory: '1.5Gi' } },
      readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 1 },
      livenessProbe: { tcpSocket: { port: 9000 } },
      startupProbe: { exec: { command: ['true'] } },
      lifecycle: { preStop: { exec: { command: ['true'] } } },
      securityContext: { capabilities: { drop: ['ALL'] }, privileged: false },
    },
  },
  { name: 'a field of the pod misspelt', pod: { nodeSelecter: {} }, finding: /no field/ },
  {
    name: 'a field of a volume that only Go has',
    pod: { volumes: [{ name: 'v', volumeSource: { emptyDir: {} } }] },
    finding: /no field "volumeSource"/,
  },
  {
    name: 'a field of a probe misspelt',
    ...probe({ httpGet: { port: 1, url: '/' } }),
    finding: /no field/,
  },
  {
    name: 'a number where a string is',
    ...env({ name: 'A', value: 5 }),
    finding: /5|number|integer/,
  },
  {
    name: 'a string where a number is',
    pod: { priority: 'high' },
    finding: /priority is a string/,
  },
  {
    name: 'a list where an object is',
    pod: { nodeSelector: ['a'] },
    finding: /nodeSelector is a list/,
  },
  {
    name: 'a word that is none',
    container: { imagePullPolicy: 'Sometimes' },
    finding: /Sometimes/,
  },
  { name: 'a DNS policy that is none', pod: { dnsPolicy: 'Sometimes' }, finding: /Sometimes/ },
  {
    name: 'a pod that is started once',
    pod: { restartPolicy: 'Never' },
    finding: /always started/,
  },
  { name: 'a pod with a deadline', pod: { activeDeadlineSeconds: 5 }, finding: /activeDeadline/ },
  { name: 'less than no time to end', pod: { terminationGracePeriodSeconds: -1 } },
  { name: 'a volume of nothing', pod: { volumes: [{ name: 'v' }] } },
  {
    name: 'a volume of two things',
    pod: { volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/' } }] },
    finding: /more than one source/,
  },
  {
    name: 'two volumes of one name',
    pod: { volumes: [...DISK.volumes, ...DISK.volumes] },
    finding: /name disk is in/,
  },
  {
    name: 'a volume with a strange name',
    pod: { volumes: [{ name: 'A_b', emptyDir: {} }] },
    finding: /no name of a volume/,
  },
  {
    name: 'a secret volume without its name',
    pod: { volumes: [{ name: 'v', secret: { secretName: 'a', mode: 1 } }] },
    finding: /no field "mode"/,
  },
  {
    name: 'a claim without its name',
    pod: { volumes: [{ name: 'v', persistentVolumeClaim: {} }] },
    finding: /claimName is missing/,
  },
  {
    name: 'a mount of no volume',
    container: { volumeMounts: [{ name: 'nowhere', mountPath: '/data' }] },
    finding: /no volume "nowhere"/,
  },
  {
    name: 'a mount to nowhere',
    pod: DISK,
    container: { volumeMounts: [{ name: 'disk' }] },
    finding: /mountPath is missing/,
  },
  {
    name: 'two mounts at one place',
    pod: DISK,
    container: {
      volumeMounts: [
        { name: 'disk', mountPath: '/data' },
        { name: 'disk', mountPath: '/data', subPath: 'a' },
      ],
    },
    finding: /mountPath \/data is in/,
  },
  {
    name: 'two ports of one number',
    ...port({ name: 'a', containerPort: 9000 }, { name: 'b', containerPort: 9000 }),
    finding: /containerPort 9000, protocol TCP/,
  },
  {
    name: 'two ports of one name',
    ...port({ name: 'a', containerPort: 9000 }, { name: 'a', containerPort: 9001 }),
    finding: /also the name/,
  },
  { name: 'a port that is none', ...port({ containerPort: 70_000 }), finding: /70000/ },
  { name: 'a port without a number', ...port({ name: 'http' }), finding: /containerPort/ },
  {
    name: 'a host port that is none',
    ...port({ containerPort: 1, hostPort: 70_000 }),
    finding: /70000/,
  },
  {
    name: "a port's name with capitals",
    ...port({ name: 'Http', containerPort: 1 }),
    finding: /no name of a port/,
  },
  {
    name: "a port's name that is long",
    ...port({ name: 'sixteen-letters-', containerPort: 1 }),
    finding: /no name of a port/,
  },
  {
    name: "a port's name of digits",
    ...port({ name: '123', containerPort: 1 }),
    finding: /no name of a port/,
  },
  {
    name: 'a protocol in small letters',
    ...port({ containerPort: 1, protocol: 'tcp' }),
    finding: /tcp/,
  },
  { name: 'a variable without a name', ...env({ value: 'a' }), finding: /name/ },
  {
    name: "a variable's name with =",
    ...env({ name: 'A=B', value: 'a' }),
    finding: /no name of a variable/,
  },
  {
    name: 'a variable with a value twice',
    ...env({ name: 'A', value: 'a', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }),
    finding: /both/,
  },
  { name: 'a variable from nowhere', ...env({ name: 'A', valueFrom: {} }), finding: /none of/ },
  {
    name: 'a variable from a secret without a key',
    ...env({ name: 'A', valueFrom: { secretKeyRef: { name: 's' } } }),
    finding: /key is missing/,
  },
  { name: 'variables from nowhere', container: { envFrom: [{ prefix: 'A' }] }, finding: /none of/ },
  {
    name: 'a request above its limit',
    ...resources({ requests: { cpu: 2 }, limits: { cpu: '1500m' } }),
    finding: /above its limit/,
  },
  {
    name: 'a request below nothing',
    ...resources({ requests: { cpu: '-1' } }),
    finding: /less than nothing/,
  },
  {
    name: 'a quantity in words',
    ...resources({ requests: { memory: '1 GB' } }),
    finding: /no quantity/,
  },
  {
    name: 'a quantity with a strange unit',
    ...resources({ limits: { memory: '1MB' } }),
    finding: /no quantity/,
  },
  { name: 'a probe of nothing', ...probe({ periodSeconds: 1 }), finding: /none of/ },
  {
    name: 'a probe of two things',
    ...probe({ tcpSocket: { port: 1 }, exec: { command: ['a'] } }),
    finding: /says exec and tcpSocket/,
  },
  { name: 'a probe of no port', ...probe({ httpGet: { path: '/' } }), finding: /port is missing/ },
  {
    name: 'a probe of a port that is none',
    ...probe({ tcpSocket: { port: 0 } }),
    finding: /0 is no port/,
  },
  {
    name: 'a probe of a port with a strange name',
    ...probe({ tcpSocket: { port: 'My_Port' } }),
    finding: /no name of a port/,
  },
  {
    name: 'a liveness probe that succeeds twice',
    container: { livenessProbe: { tcpSocket: { port: 1 }, successThreshold: 2 } },
    finding: /succeeds at once/,
  },
  { name: 'a hook of nothing', container: { lifecycle: { preStop: {} } }, finding: /none of/ },
  {
    name: 'an init container with the name of a container',
    pod: { initContainers: [{ name: 'model', image: 'example/first:1' }] },
    finding: /also the name of a container/,
  },
  {
    name: 'an init container with a strange name',
    pod: { initContainers: [{ name: 'First_One', image: 'example/first:1' }] },
    finding: /no name of a container/,
  },
  {
    name: 'an init container without an image',
    pod: { initContainers: [{ name: 'first' }] },
    finding: /no image/,
  },
];

/** The pod of a case. */
export function podOf({ pod, container }: PodCase): {
  readonly containers: readonly object[];
  readonly [field: string]: unknown;
} {
  return { containers: [{ name: 'model', image: 'example/model:1', ...container }], ...pod };
}
