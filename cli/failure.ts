// An expected failure of a command: a text for the user, what to do about it, and a stable code. It is thrown only
// from deep inside `run` to its one catcher; everything else that is thrown is a bug and is reported as one.

export type FailureCode =
  | 'FILE_UNREADABLE'
  | 'FINDINGS'
  | 'AGENT_SILENT'
  | 'CLUSTER_UNREACHABLE'
  | 'CLUSTER_REFUSED'
  | 'POD_UNFIT'
  | 'DEPLOYMENT_AMBIGUOUS'
  | 'DEPLOYMENT_UNKNOWN'
  | 'PREDICTOR_UNKNOWN'
  | 'ADDRESS_MISSING'
  | 'IMAGE_WITHOUT_COMMAND'
  | 'UNIT_UNKNOWN'
  | 'VALUE_MISSING'
  | 'PORT_CLASH'
  | 'PORT_TAKEN'
  | 'UNIT_EXITED'
  | 'UNIT_SILENT'
  | 'UNIT_NOT_STARTED'
  | 'ENVOY_MISSING'
  | 'ENVOY_FAILED'
  | 'FILTER_FAILED'
  | 'PLAN_REFUSED'
  | 'STATE_DIR_UNUSABLE';

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

/** The message of anything that was thrown. */
export function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The `code` of a system error (`ENOENT`), '' for anything else. */
export function systemCode(thrown: unknown): string {
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string') {
    return thrown.code;
  }
  return '';
}
