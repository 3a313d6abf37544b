// The caBundle of our webhook configurations: what to apply so that the API server trusts what we serve. Applied by its own
// field manager with nothing else in it, so that the chart's fields stay the chart's.
import { isPlainObject } from '../../graph/plan/json-value.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { fingerprint } from './material.ts';

/** The configuration to apply, or undefined where every webhook has the bundle already. `bundle` is PEM. */
export function renderCaBundle(live: KubeObject, bundle: string): KubeObject | undefined {
  const webhooks = listWebhooks(live);
  const caBundle = Buffer.from(bundle).toString('base64');
  if (webhooks.every((webhook) => webhook.caBundle === caBundle)) return undefined;
  return {
    apiVersion: live.apiVersion,
    kind: live.kind,
    metadata: { name: live.metadata.name },
    webhooks: webhooks.map(({ name }) => ({ name, clientConfig: { caBundle } })),
  };
}

/** Fingerprints of the authorities that all webhooks of all configurations trust. */
export function listTrusted(configurations: readonly KubeObject[]): string[] {
  const sets = configurations
    .flatMap((configuration) => listWebhooks(configuration))
    .map(({ caBundle }) => new Set(splitPem(caBundle).map((pem) => fingerprint(pem))));
  const [first, ...rest] = sets;
  return [...(first ?? [])].filter((each) => rest.every((set) => set.has(each)));
}

function listWebhooks(configuration: KubeObject): { name: string; caBundle: string }[] {
  const { webhooks } = configuration;
  if (!Array.isArray(webhooks)) return [];
  return webhooks.flatMap((webhook: unknown) => {
    if (!isPlainObject(webhook) || typeof webhook['name'] !== 'string') return [];
    const client = isPlainObject(webhook['clientConfig']) ? webhook['clientConfig'] : {};
    const caBundle = typeof client['caBundle'] === 'string' ? client['caBundle'] : '';
    return [{ name: webhook['name'], caBundle }];
  });
}

function splitPem(base64: string): string[] {
  const text = Buffer.from(base64, 'base64').toString('utf8');
  return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}
