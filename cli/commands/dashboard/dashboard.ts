// `sidegraph dashboard`: the live page of deployments in a cluster, on this machine.
import type { Server } from 'node:http';
import { CommandFailure } from '../../../lib/runtime/failure.ts';
import { describeThrown } from '../../../lib/runtime/thrown.ts';
import type { Io } from '../../../lib/runtime/io.ts';
import { connectLive } from '../../cluster/connect.ts';
import { DeploymentSource } from '../../cluster/deployment-source.ts';
import { NamespaceFeed } from '../../cluster/namespace-feed.ts';
import type { DashboardOptions } from './parse.ts';
import { serveDashboard } from './serve.ts';

/** Ends by a signal; throws a CommandFailure where there is nothing to look at. */
export async function dashboard(options: DashboardOptions, io: Io): Promise<number> {
  const { name, port } = options;
  const cluster = connectLive(options);
  const { client, namespace } = cluster;
  const ended = Promise.withResolvers<void>();
  const end = (): void => ended.resolve();
  for (const signal of SIGNALS) process.once(signal, end);
  try {
    // What would keep all of it from being shown is said here, and not in a page.
    await (name === undefined
      ? new NamespaceFeed(client, namespace).check()
      : new DeploymentSource(client, { namespace, name }, 'counters').check());
    const server = await listen(() => serveDashboard(client, namespace, name, port), port);
    const what =
      name === undefined ? `the deployments of namespace ${namespace}` : `${namespace}/${name}`;
    io.out(`${what}: ${urlOf(server)}\n`);
    await ended.promise;
    server.close();
    server.closeAllConnections();
    return 0;
  } catch (thrown) {
    throw cluster.explain(thrown);
  } finally {
    for (const signal of SIGNALS) process.off(signal, end);
    await cluster.close();
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

async function listen(start: () => Promise<Server>, port: number): Promise<Server> {
  try {
    return await start();
  } catch (thrown) {
    throw new CommandFailure(
      'PORT_TAKEN',
      `port ${port} cannot be listened on: ${describeThrown(thrown)}`,
      'choose another one with --port, or 0 for any that is free',
    );
  }
}

function urlOf(server: Server): string {
  const address = server.address();
  return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}/` : '';
}
