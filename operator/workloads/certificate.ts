// `predictors[].ssl`: the Secret with the certificate of a predictor's data plane. As Seldon's operator does it is mounted into the
// containers of units too, which learn by a variable where it is; calls between the data plane and units stay as they are.
import type { Predictor } from '../../graph/plan/deployment.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { TLS_CERTIFICATE, TLS_KEY } from '../../envoy/kit/tls.ts';
import { PATHS, VOLUMES } from '../../cluster/names.ts';
import type { CertificateFiles } from './sidecar/render-sidecar.ts';

/** Names of the files, which Seldon's orchestrator reads from its environment; undefined for a predictor without. */
export function certificateFiles({
  certificate,
  orchestratorEnv,
}: Predictor): CertificateFiles | undefined {
  if (certificate === undefined) return undefined;
  return {
    certificate: orchestratorEnv['SELDON_CERT_FILE_NAME'] || TLS_CERTIFICATE,
    key: orchestratorEnv['SELDON_CERT_KEY_FILE_NAME'] || TLS_KEY,
  };
}

export function certificateVolumes({ certificate }: Predictor): JsonObject[] {
  if (certificate === undefined) return [];
  return [{ name: VOLUMES.certificate, secret: { secretName: certificate, defaultMode: 0o644 } }];
}

/** Of a unit's container. */
export function certificateMounts({ certificate }: Predictor): JsonObject[] {
  if (certificate === undefined) return [];
  return [{ name: VOLUMES.certificate, mountPath: PATHS.certificate, readOnly: true }];
}

export function certificateEnvironment({
  certificate,
}: Predictor): Readonly<Record<string, string>> {
  return certificate === undefined ? {} : { SELDON_CERT_MOUNT_PATH: `${PATHS.certificate}/` };
}
