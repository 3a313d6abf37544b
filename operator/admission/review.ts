// AdmissionReview (admission.k8s.io/v1): the API server's question as a plain object, and a verdict as its response.
import { isPlainObject, textAt } from '../../graph/plan/json-value.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import type { PatchOp } from './json-patch.ts';

export interface ReviewRequest {
  readonly uid: string;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  /** '' for the object itself; `status`, `scale`. */
  readonly subResource: string;
  readonly namespace: string;
  /** '' when the server is still to make one of `generateName`. */
  readonly name: string;
  /** Undefined on DELETE. */
  readonly object: JsonObject | undefined;
  /** Undefined on CREATE. */
  readonly oldObject: JsonObject | undefined;
}

export type Verdict =
  | {
      readonly allowed: true;
      /** Shown by kubectl; each is cut to what the API server takes. */
      readonly warnings: readonly string[];
      /** [] leaves the object as it is. */
      readonly patch: readonly PatchOp[];
    }
  | {
      readonly allowed: false;
      readonly warnings: readonly string[];
      /** Everything that is wrong, in words. */
      readonly message: string;
      readonly causes: readonly Cause[];
    };

export interface Cause {
  readonly field: string;
  readonly message: string;
}

export const PASS: Verdict = { allowed: true, warnings: [], patch: [] };

const OPERATIONS = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] as const;
/** The API server cuts longer warnings, and drops those over 4 KiB in all. */
const MAX_WARNING = 255;
const MAX_WARNINGS_LENGTH = 4000;
const INVALID = 422;

/** Undefined for what is no review with a request. */
export function parseReview(value: unknown): ReviewRequest | undefined {
  if (!isPlainObject(value) || value['kind'] !== 'AdmissionReview') return undefined;
  const request = value['request'];
  if (!isPlainObject(request) || typeof request['uid'] !== 'string') return undefined;
  const operation = OPERATIONS.find((known) => known === request['operation']);
  if (operation === undefined) return undefined;
  return {
    uid: request['uid'],
    operation,
    subResource: textAt(request, 'subResource'),
    namespace: textAt(request, 'namespace'),
    name: textAt(request, 'name'),
    object: objectIn(request['object']),
    oldObject: objectIn(request['oldObject']),
  };
}

export function renderReview(uid: string, verdict: Verdict): JsonObject {
  const warnings = cutWarnings(verdict.warnings);
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed: verdict.allowed,
      ...(warnings.length === 0 ? {} : { warnings }),
      ...(verdict.allowed ? renderPatch(verdict.patch) : { status: renderStatus(verdict) }),
    },
  };
}

function renderPatch(patch: readonly PatchOp[]): JsonObject {
  if (patch.length === 0) return {};
  return {
    patchType: 'JSONPatch',
    patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
  };
}

function renderStatus(verdict: Extract<Verdict, { allowed: false }>): JsonObject {
  const causes = verdict.causes.map((cause) => ({ reason: 'FieldValueInvalid', ...cause }));
  return {
    apiVersion: 'v1',
    kind: 'Status',
    status: 'Failure',
    code: INVALID,
    reason: 'Invalid',
    message: verdict.message,
    ...(causes.length === 0 ? {} : { details: { causes } }),
  };
}

function cutWarnings(warnings: readonly string[]): string[] {
  const kept: string[] = [];
  let length = 0;
  for (const warning of warnings) {
    // The limit is in bytes; a word of another script must not be cut to half a character.
    let text = warning.replaceAll(/\s+/g, ' ');
    while (Buffer.byteLength(text) > MAX_WARNING) text = `${text.slice(0, -9)}…`;
    length += Buffer.byteLength(text);
    if (length > MAX_WARNINGS_LENGTH) break;
    kept.push(text);
  }
  return kept;
}

function objectIn(value: unknown): JsonObject | undefined {
  return isPlainObject(value) ? value : undefined;
}
