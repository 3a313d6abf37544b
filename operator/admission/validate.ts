// Judges a SeldonDeployment at admission: the checks of `sidegraph check`, and whether another one holds its names. What is
// stored already is not held up by rules that came later: an update that leaves the spec alone passes, with warnings.
import { isDeepStrictEqual } from 'node:util';
import type { Finding } from '../../graph/manifest/finding.ts';
import { objectAt } from '../../graph/plan/json-value.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { readablePart } from '../read/reader.ts';
import type { Reader, ReadOptions } from '../read/reader.ts';
import { findTakenNames } from '../workloads/taken-names.ts';
import { judge, warnOf } from './refusal.ts';
import type { ReviewRequest, Verdict } from './review.ts';
import { PASS } from './review.ts';

export interface ValidateContext {
  /** How deployments are read: the cluster's servers and first ports. */
  readonly load: ReadOptions;
  readonly reader: Reader;
  /** The SeldonDeployments of the namespace, as they are stored. */
  readonly stored: readonly JsonObject[];
}

/** What the API server puts in the place of a name that it is still to make. */
const MADE_NAME = 'xxxxx';

export async function validateDeployment(
  request: ReviewRequest,
  context: ValidateContext,
): Promise<Verdict> {
  const { operation, object, oldObject, subResource } = request;
  if (subResource !== '' || object === undefined) return PASS;
  if (operation !== 'CREATE' && operation !== 'UPDATE') return PASS;
  const metadata = objectAt(object, 'metadata');
  if (typeof metadata['deletionTimestamp'] === 'string') return PASS;
  const findings = await findAll(object, request, context);
  const isSame = oldObject !== undefined && isDeepStrictEqual(object['spec'], oldObject['spec']);
  return isSame ? warnOf(findings) : judge('SeldonDeployment', findings);
}

async function findAll(
  object: JsonObject,
  request: ReviewRequest,
  { load, reader, stored }: ValidateContext,
): Promise<readonly Finding[]> {
  const metadata = objectAt(object, 'metadata');
  const generated = typeof metadata['generateName'] === 'string' ? metadata['generateName'] : '';
  const name = request.name || metadata['name'] || (generated && generated + MADE_NAME);
  const { annotations } = metadata;
  const namespace = request.namespace || 'default';
  const part = readablePart(object, { name, namespace, annotations });
  const { findings } = await reader.read(part, { ...load, isForFindings: true }, namespace);
  const taken = findTakenNames(object, String(name), request.oldObject, stored);
  return [...findings, ...taken];
}
