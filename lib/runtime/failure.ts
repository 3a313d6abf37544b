// An expected failure of a command: a text for the user, what to do about it, and a stable code. It is thrown only
// from deep inside `run` to its one catcher; everything else that is thrown is a bug and is reported as one.

/** Every code and what it means; what to do is said with each failure, since it depends on the place. */
export const FAILURES = {
  FILE_UNREADABLE: 'a file or directory does not exist, cannot be read, or has nothing of use',
  FINDINGS: 'the file has mistakes; each is listed with its own code',
  AGENT_SILENT: 'no agent responds in that folder',
  CLUSTER_UNREACHABLE:
    'the Kubernetes API server does not respond, or the kubeconfig cannot be used',
  CLUSTER_REFUSED:
    'the Kubernetes API server rejected the request: unknown user, missing permissions, or no CRD',
  LIVE_UNREACHABLE:
    'no running graph with an admin port responds at that address, or no pod of the deployment',
  REQUEST_UNKNOWN: 'no request of that id was noted',
  CAPTURE_OFF: 'the running graph captures no payloads: it was started without --capture',
  REPLAY_FAILED: 'a request could not be sent again, or nothing was captured of it',
  DEPLOYMENT_AMBIGUOUS: 'the file has several deployments and none was chosen',
  DEPLOYMENT_UNKNOWN:
    'the file or the namespace does not have that deployment, or the file has none at all',
  PREDICTOR_UNKNOWN: 'the deployment has no predictor of that name',
  ADDRESS_MISSING: 'a unit has neither an address nor a command that could be started',
  IMAGE_WITHOUT_COMMAND: 'a unit has only an image, and images are not run here',
  SERVER_MISSING: 'the program of a prepackaged server is not installed on this machine',
  MODEL_MISSING: 'the model of a prepackaged server is not on this machine',
  UNIT_UNKNOWN: 'a flag names a unit that the graph does not have',
  VALUE_MISSING: 'a variable comes from a Secret or ConfigMap, and its value was not given',
  HOST_UNUSABLE: 'the value of --host is neither an IP address nor a name that resolves to one',
  PORT_CLASH: 'two parts of the same run want the same port',
  PORT_TAKEN: 'another process listens on a port that is needed',
  UNIT_EXITED: 'a unit exited during startup',
  UNIT_SILENT: 'a unit runs but does not become ready within --unit-timeout',
  UNIT_NOT_STARTED: 'the command of a unit cannot be started',
  ENVOY_MISSING: 'no suitable Envoy (≥ 1.40) was found',
  ENVOY_FAILED: 'Envoy exited at startup or rejected its configuration',
  FILTER_FAILED: "the filter's process does not start",
  PLAN_REFUSED: 'the filter or Envoy rejected a changed plan; the old one keeps serving',
  STATE_DIR_UNUSABLE: 'the state directory cannot be written or is in use by another run',
} as const;

export type FailureCode = keyof typeof FAILURES;

export class CommandFailure extends Error {
  readonly code: FailureCode;
  readonly advice: string;

  constructor(code: FailureCode, message: string, advice: string) {
    super(message);
    this.name = 'CommandFailure';
    this.code = code;
    this.advice = advice;
  }
}

/** One failure that says all of several, each with its code and advice; its own code is the first one's. Undefined for none. */
export function joinFailures(failures: readonly CommandFailure[]): CommandFailure | undefined {
  const [first, ...more] = failures;
  if (first === undefined || more.length === 0) return first;
  const all = failures.map(
    ({ message, advice, code }) =>
      `\n  ${message.replaceAll('\n', '\n  ')}\n    → ${advice} [${code}]`,
  );
  return new CommandFailure(
    first.code,
    `${failures.length} things are wrong:${all.join('')}`,
    'fix each of these',
  );
}

/** The `code` of a system error (`ENOENT`), '' for anything else. */
export function systemCode(thrown: unknown): string {
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string') {
    return thrown.code;
  }
  return '';
}
