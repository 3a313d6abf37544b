// The agent on stores that are filled by hand, as reflectors would fill them.
import assert from 'node:assert/strict';
import { SILENT_LOG } from '../../lib/runtime/log.ts';
import type { KubeObject } from '../../lib/kube/object.ts';
import { Store } from '../../lib/kube/store.ts';
import { GatewayAgent, type Publication } from '../process/agent.ts';
import { SLICE_SERVICE_LABEL } from '../config/read-backends.ts';

export interface TestAgent {
  readonly agent: GatewayAgent;
  readonly published: readonly Publication[];
  put(object: KubeObject): void;
  remove(object: KubeObject): void;
}

export function startTestAgent(objects: readonly KubeObject[]): TestAgent {
  const stores = {
    deployments: new Store(),
    services: new Store(),
    slices: new Store([SLICE_SERVICE_LABEL]),
  };
  const homes: Readonly<Record<string, Store>> = {
    SeldonDeployment: stores.deployments,
    Service: stores.services,
    EndpointSlice: stores.slices,
  };
  for (const object of objects) homes[object.kind]?.put(object);
  const published: Publication[] = [];
  const agent = new GatewayAgent({
    stores,
    log: SILENT_LOG,
    publish: (each) => published.push(each),
  });
  agent.open();
  return {
    agent,
    published,
    put: (object) => {
      const change = homes[object.kind]?.put(object);
      if (change !== undefined) agent.onChange(change);
    },
    remove: (object) => {
      const { namespace, name } = object.metadata;
      const change = homes[object.kind]?.remove(`${namespace}/${name}`);
      if (change !== undefined) agent.onChange(change);
    },
  };
}

export function publishObjects(objects: readonly KubeObject[]): {
  agent: GatewayAgent;
  publication: Publication;
} {
  const { agent, published } = startTestAgent(objects);
  const [publication] = published;
  assert.ok(publication);
  return { agent, publication };
}
