// What a stored object says, whether the checks would take it or not: for those who look at the objects of others and judge none of
// them (which names are taken, who gets which requests). Nothing is checked or defaulted here, and pods are not looked at.
import { openFindings } from '../manifest/finding.ts';
import type { Finding } from '../manifest/finding.ts';
import type { JsonObject } from '../plan/json-value.ts';
import { readOutline } from './read-deployment.ts';
import type { PredictorOutline, WrittenDeployment } from './written.ts';

export interface StoredReading {
  /** Undefined for an object without a spec. */
  readonly written: WrittenDeployment<PredictorOutline> | undefined;
  /** What could not be read, and is as good as absent. */
  readonly findings: readonly Finding[];
}

/** Never throws: each field is read within its bounds, however large or deep the object is. */
export function readStored(object: JsonObject): StoredReading {
  const sink = openFindings('SeldonDeployment', () => undefined);
  const written = readOutline({ value: object, prefix: '', sink });
  return { written, findings: sink.findings };
}
