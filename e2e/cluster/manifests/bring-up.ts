// Brings one manifest up in a namespace of its own: what it refers to, then itself; it becomes Available, answers through the gateway, in
// its protocol and over both transports, what the arithmetic says, and so do its explainers; its loggers' payloads arrive. Then its
// namespace goes, without waiting. The first step that fails is the outcome.
import assert from 'node:assert/strict';
import https from 'node:https';
import { type JsonObject, objectAt, objectsAt, textAt } from '../../../graph/plan/json-value.ts';
import type { KubeClient } from '../../../lib/kube/client.ts';
import type { KubeObject } from '../../../lib/kube/object.ts';
import { protocolOf } from '../../../testing/manifest-features.ts';
import { numbersIn } from '../../stand-in/arithmetic.ts';
import type { LoggedEvent } from '../../stand-in/sink.ts';
import type { Role } from '../../stand-in/main.ts';
import { pause } from '../harness/cluster.ts';
import { until } from '../harness/kubectl.ts';
import { inferRequest, postPath, predictNumbers, type Target, type Transport } from './ask.ts';
import { describePods } from './describe-pods.ts';
import { expectResponses, type Vector } from '../../stand-in/expect.ts';
import { loggedUnits, namespaceObject, referredObjects } from './provide.ts';
import type { Sampled } from './sample.ts';

/** An even and an odd first number: a router goes both ways. */
const INPUTS: readonly Vector[] = [
  [4, 1],
  [7, 2],
];
const AVAILABLE_MS = 300_000;
const RESPONSE_MS = 90_000;
/** Enough to see each of three shares of 20 % and more, but for once in a million runs. */
const MOST_REQUESTS = 100;
const MANAGER = { manager: 'test', force: true } as const;
const SELDON = 'machinelearning.seldon.io/v1';

export interface BroughtUp {
  readonly name: string;
  /** Undefined where all went well. */
  readonly failure?: { readonly step: string; readonly reason: string };
  /** From apply to Available, ms; undefined where that never came. */
  readonly availableMs?: number;
  readonly requests: number;
}

export interface Stage {
  readonly client: KubeClient;
  readonly roles: ReadonlyMap<string, Role>;
  readonly readEvents: () => Promise<readonly LoggedEvent[]>;
}

export async function bringUp(stage: Stage, sampled: Sampled): Promise<BroughtUp> {
  const run = new Run(stage, sampled);
  let failure: BroughtUp['failure'];
  try {
    await run.all();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const pods = run.isApplied ? await describePods(stage.client, run.target.namespace) : '';
    failure = { step: run.step, reason: [reason, pods].filter(Boolean).join('; ') };
  }
  await run.remove();
  const { availableMs, requests } = run;
  return {
    name: sampled.name,
    ...(failure === undefined ? {} : { failure }),
    ...(availableMs === undefined ? {} : { availableMs }),
    requests,
  };
}

class Run {
  step = 'prepare';
  isApplied = false;
  availableMs: number | undefined;
  requests = 0;
  readonly target: Target;
  readonly #stage: Stage;
  readonly #deployment: JsonObject;
  readonly #features: readonly string[];
  #referred: readonly KubeObject[] = [];

  constructor(stage: Stage, { deployment, features }: Sampled) {
    this.#stage = stage;
    this.#deployment = deployment;
    this.#features = features;
    const { name, namespace } = objectAt(deployment, 'metadata') as Record<string, string>;
    const spec = objectAt(deployment, 'spec');
    const [first = {}] = objectsAt(spec, 'predictors');
    const host = textAt(objectAt(spec, 'annotations'), 'seldon.io/istio-host');
    this.target = {
      namespace: String(namespace),
      name: String(name),
      protocol: protocolOf(spec),
      root: textAt(objectAt(first, 'graph'), 'name'),
      headers: host === '' ? {} : { host },
    };
  }

  async all(): Promise<void> {
    await this.#prepare();
    await this.#becomeAvailable();
    const transports = this.#transports();
    for (const transport of transports) await this.#answer(transport);
    await this.#explain();
    if (transports.includes('rest')) await this.#log();
    await this.#haveObjects();
    if (this.#features.includes('ssl')) await this.#speakTls();
  }

  async remove(): Promise<void> {
    const name = this.target.namespace;
    await this.#stage.client.remove({ apiVersion: 'v1', kind: 'Namespace', name });
    for (const { apiVersion, kind, metadata } of this.#referred)
      if (kind === 'PersistentVolume')
        await this.#stage.client.remove({ apiVersion, kind, name: metadata.name });
  }

  async #prepare(): Promise<void> {
    const { client } = this.#stage;
    await client.apply(namespaceObject(this.target.namespace, true), MANAGER);
    this.#referred = await referredObjects(this.#deployment);
    for (const object of this.#referred) await client.apply(object, MANAGER);
  }

  async #becomeAvailable(): Promise<void> {
    const { client } = this.#stage;
    const { namespace, name } = this.target;
    this.step = 'apply';
    const beganAt = performance.now();
    // As kubectl does; a server-side apply refuses a list that is null, which people write.
    await client.create(this.#deployment as unknown as KubeObject, MANAGER);
    this.isApplied = true;
    this.step = 'available';
    const ref = { apiVersion: SELDON, kind: 'SeldonDeployment', namespace, name };
    await until(
      `${name} is Available`,
      async () => {
        const live = await client.get(ref);
        const { state, description } = objectAt(live ?? {}, 'status');
        if (state === 'Available') return true;
        throw new Error(`state ${String(state)}: ${String(description)}`);
      },
      AVAILABLE_MS,
      500,
    );
    this.availableMs = performance.now() - beganAt;
  }

  /** Images of one transport answer that one alone; so do servers whose manifest names no port for the other. */
  #transports(): readonly Transport[] {
    const roles = new Set(this.#stage.roles.values());
    const isRestOnly =
      roles.has('seldon-rest') || (roles.has('tensorflow') && this.#namesPortsWithoutGrpc());
    if (isRestOnly) return ['rest'];
    return roles.has('seldon-grpc') ? ['grpc'] : ['rest', 'grpc'];
  }

  #namesPortsWithoutGrpc(): boolean {
    const text = JSON.stringify(this.#deployment);
    return text.includes('"args":') && !text.includes('"name":"grpc"');
  }

  async #answer(transport: Transport): Promise<void> {
    this.step = `answer ${transport}`;
    for (const values of INPUTS) {
      const expected = expectResponses(this.#deployment, values);
      const missing = new Set(expected.flatMap(({ responses }) => responses.map(String)));
      const right = [...missing];
      // The gateway may learn of the pods a moment later than the operator.
      await until('it answers', () => this.#predict(transport, values), RESPONSE_MS, 100);
      for (let asked = 0; missing.size > 0; asked += 1) {
        if (asked === MOST_REQUESTS) throw new Error(`never answered ${[...missing].join(' or ')}`);
        const response = String(await this.#predict(transport, values));
        if (!right.includes(response))
          throw new Error(`${String(values)} gave ${response}, not ${right.join(' or ')}`);
        missing.delete(response);
      }
    }
  }

  #predict(
    transport: Transport,
    values: Vector,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Vector> {
    this.requests += 1;
    return predictNumbers(this.target, transport, values, headers);
  }

  async #explain(): Promise<void> {
    const [values = []] = INPUTS;
    const { namespace, name, protocol } = this.target;
    for (const predictor of objectsAt(objectAt(this.#deployment, 'spec'), 'predictors')) {
      if (textAt(objectAt(predictor, 'explainer'), 'type') === '') continue;
      const own = textAt(predictor, 'name');
      this.step = `explain ${own}`;
      const prefix = `/seldon/${namespace}/${name}-explainer/${own}`;
      const explanation = await until(
        'it explains',
        () => this.#explainWith(prefix, `${name}-${own}-explainer`, protocol, values),
        RESPONSE_MS,
      );
      const { raw } = explanation.data as { raw: { prediction: unknown } };
      const responses = expectResponses(this.#deployment, values)
        .filter((each) => each.predictor === own)
        .flatMap((each) => each.responses.map(String));
      assert.ok(responses.includes(String(numbersIn(raw.prediction))), JSON.stringify(explanation));
    }
  }

  async #explainWith(
    prefix: string,
    explainer: string,
    protocol: string,
    values: Vector,
  ): Promise<JsonObject> {
    this.requests += 1;
    if (protocol === 'seldon')
      return postPath(`${prefix}/api/v1.0/explain`, { data: { ndarray: [values] } });
    if (protocol === 'tensorflow')
      return postPath(`${prefix}/v1/models/${this.target.root}:explain`, { instances: [values] });
    const path = `${prefix}/v2/models/${explainer}/infer`;
    const response = await postPath(path, inferRequest(values));
    const [output] = response['outputs'] as { data: string[] }[];
    return JSON.parse(output?.data[0] ?? '') as JsonObject;
  }

  /** Predictions whose payloads are looked for at the sink, until all that a unit logs is there: one that a sink did not take is lost. */
  async #log(): Promise<void> {
    const puid = `${this.target.namespace}-logged`;
    const wanted = loggedUnits(this.#deployment).flatMap((unit) => {
      const mode = textAt(objectAt(unit, 'logger'), 'mode').toLowerCase() || 'all';
      const kinds = mode === 'all' ? ['request', 'response'] : [mode];
      return kinds.map((kind) => `${textAt(unit, 'name')} io.seldon.serving.inference.${kind}`);
    });
    if (wanted.length === 0) return;
    this.step = 'log';
    await until(
      `logged are ${wanted.join(', ')}`,
      async () => {
        await this.#predict('rest', INPUTS[0] ?? [], { 'seldon-puid': puid });
        await pause(300);
        const found = (await this.#stage.readEvents())
          .map(({ attributes }) => attributes)
          .filter(
            ({ requestid, namespace }) => requestid === puid && namespace === this.target.namespace,
          )
          .map(({ modelid, type }) => `${modelid} ${type}`);
        return wanted.every((each) => found.includes(each));
      },
      RESPONSE_MS,
      500,
    );
  }

  /** What is asked of Kubernetes beside pods is there. */
  async #haveObjects(): Promise<void> {
    this.step = 'objects';
    const kinds = {
      'hpaSpec of a component': ['autoscaling/v2', 'HorizontalPodAutoscaler'],
      'kedaSpec of a component': ['keda.sh/v1alpha1', 'ScaledObject'],
      'pdbSpec of a component': ['policy/v1', 'PodDisruptionBudget'],
    } as const;
    for (const [feature, [apiVersion, kind]] of Object.entries(kinds)) {
      if (!this.#features.includes(feature)) continue;
      const { namespace } = this.target;
      const { items } = await this.#stage.client.list({ apiVersion, kind }, { namespace });
      assert.ok(items.length > 0, `no ${kind}`);
    }
  }

  /** The pod itself, with the certificate of its Secret as the only one that is trusted. */
  async #speakTls(): Promise<void> {
    this.step = 'TLS';
    const { client } = this.#stage;
    const { namespace, name } = this.target;
    const secrets = await client.list({ apiVersion: 'v1', kind: 'Secret' }, { namespace });
    const secret = secrets.items.find(({ type }) => type === 'kubernetes.io/tls');
    const ca = Buffer.from(textAt(objectAt(secret ?? {}, 'data'), 'tls.crt'), 'base64');
    const labelSelector = `seldon-deployment-id=${name}`;
    const pods = await client.list({ apiVersion: 'v1', kind: 'Pod' }, { namespace, labelSelector });
    const host = textAt(objectAt(pods.items[0] ?? {}, 'status'), 'podIP');
    const status = await new Promise((resolve, reject) => {
      const options = {
        host,
        port: 8000,
        path: '/ready',
        ca,
        checkServerIdentity: () => undefined,
      };
      https.get(options, (response) => resolve(response.resume().statusCode)).on('error', reject);
    });
    assert.equal(status, 200);
  }
}
