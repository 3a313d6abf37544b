// The containers of one predictor: their names, and the ports that they would fight for in a pod.
import { checkLabelName } from './check-names.ts';
import type { FindingSink } from '../manifest/finding.ts';
import type { PortedContainer } from './written.ts';

export function checkContainers(containers: readonly PortedContainer[], sink: FindingSink): void {
  const names = new Map<string, string>();
  const ports = new Map<string, string>();
  for (const { container, ports: own } of containers) {
    const { name, path, componentSpec } = container;
    checkLabelName(name, `${path}.name`, sink);
    const twin = names.get(name);
    if (twin !== undefined && name !== '') {
      sink.add('CONTAINER_DUPLICATE', `${path}.name`, `${name} is also the name of ${twin}`);
      continue;
    }
    names.set(name, path);
    // A server may take both on one port; two containers of one pod may not.
    for (const port of new Set([own.http, own.grpc])) {
      const key = `${componentSpec}:${port}`;
      const owner = ports.get(key);
      if (owner === undefined) ports.set(key, name);
      else sink.add('PORT_CONFLICT', path, `${name} and ${owner} both listen on port ${port}`);
    }
    for (const kind of ['http', 'grpc', 'metrics'] as const) {
      if (own[kind] > 65_535)
        sink.add(
          'NUMBER_RANGE',
          path,
          `no ${kind} port is left for ${name}`,
          'name fewer containers',
        );
    }
  }
}
