// Calls over Envoy's egress (a unit on another host, or any with retries) fail as direct calls to the unit do: the code in a header and
// Seldon's FAILURE body over REST; the code, status and message over gRPC. A router takes the branch that the client names.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { ask, askGrpc } from '../harness/client.ts';
import { deployment, type Node } from '../harness/manifest.ts';
import { freePort } from '../harness/ports.ts';
import { type Running, runGraph } from '../harness/run.ts';
import { type GrpcUnit, type RestUnit, startGrpcUnit, startRestUnit } from '../harness/unit.ts';

/** Another address of this machine: the filter asks only the pod's own directly. */
const OTHER_HOST = '127.0.0.2';
const TIMEOUTS = { 'seldon.io/rest-timeout': '400', 'seldon.io/grpc-timeout': '400' };
const WITH_RETRIES = { 'sidegraph.io/retries': '1', 'sidegraph.io/per-try-timeout-ms': '300' };

const CASES = [
  { name: 'refused', code: 'UNIT_UNREACHABLE', grpcStatus: 14, says: 'connection refused' },
  { name: 'unknown', code: 'UNIT_UNREACHABLE', grpcStatus: 14, says: 'name not found' },
  { name: 'reset', code: 'UNIT_RESET', grpcStatus: 14, says: 'connection closed' },
  { name: 'slow', code: 'UNIT_TIMEOUT', grpcStatus: 4, says: 'no response within' },
  { name: 'child', code: 'UNIT_UNREACHABLE', grpcStatus: 14, says: 'connection refused' },
] as const;

describe('what fails over egress', () => {
  let rest: RestUnit;
  let grpc: GrpcUnit;
  let resetting: net.Server;
  let silent: net.Server;
  let runs: { readonly kind: string; readonly running: Running }[] = [];
  let addresses: readonly string[] = [];

  before(async () => {
    const branchOf = (said: unknown): number => CASES.findIndex(({ name }) => name === said);
    rest = await startRestUnit(({ path, headers, body }) => ({
      body: path === '/route' ? `{"data":{"ndarray":[[${branchOf(headers['x-case'])}]]}}` : body,
    }));
    grpc = await startGrpcUnit(({ path, headers, message }) => ({
      message: path.endsWith('/Route') ? routeMessage(branchOf(headers['x-case'])) : message,
    }));
    resetting = await listen((socket) => socket.once('data', () => socket.resetAndDestroy()));
    silent = await listen((socket) => socket.resume());
    const dead = await freePort();
    const healthy = (name: string, type = 'MODEL', children: readonly Node[] = []): Node => ({
      name,
      type,
      port: rest.port,
      grpcPort: grpc.port,
      ...(children.length === 0 ? {} : { children }),
    });
    const failing = (name: string, host: string, port: number): Node => ({
      name,
      type: 'TRANSFORMER',
      host,
      port,
      grpcPort: port,
      children: [healthy(`${name}-end`)],
    });
    const ports = [dead, dead, portOf(resetting), portOf(silent), dead];
    addresses = ports.map(
      (port, i) => `${CASES[i]?.name === 'unknown' ? 'no-such-host.invalid' : OTHER_HOST}:${port}`,
    );
    const graph = healthy('router', 'ROUTER', [
      failing('refused', OTHER_HOST, dead),
      failing('unknown', 'no-such-host.invalid', dead),
      failing('reset', OTHER_HOST, portOf(resetting)),
      failing('slow', OTHER_HOST, portOf(silent)),
      healthy('merge', 'COMBINER', [failing('child', OTHER_HOST, dead), healthy('other')]),
    ]);
    const kinds = { 'another host': TIMEOUTS, retries: { ...TIMEOUTS, ...WITH_RETRIES } };
    runs = await Promise.all(
      Object.entries(kinds).map(async ([kind, annotations]) => ({
        kind,
        running: await runGraph(deployment(graph, annotations)),
      })),
    );
  });

  after(async () => {
    await Promise.all(runs.map(({ running }) => running.stop()));
    await Promise.all([rest?.close(), grpc?.close()]);
    resetting?.close();
    silent?.close();
  });

  CASES.forEach(({ name, code, grpcStatus, says }, i) => {
    test(`${name}: ${code}, and the message names unit and address`, async () => {
      const headers = { 'x-case': name };
      // The filter and Envoy both measure the timeout; where the filter is first it names the call.
      const wanted =
        name === 'slow'
          ? [says, String(addresses[i])]
          : [`unit ${name} (${addresses[i]}): ${says}`];
      const tells = (text: string): boolean => wanted.every((part) => text.includes(part));
      for (const { kind, running } of runs) {
        const reply = await ask(running.port, { body: '{"strData":"a"}', headers });
        assert.equal(reply.status, 500, `${kind}: ${reply.text}`);
        assert.equal(reply.headers['sidegraph-error'], code, kind);
        assert.equal(reply.headers['content-type'], 'application/json', kind);
        const { status } = JSON.parse(reply.text) as { readonly status: Record<string, unknown> };
        assert.equal(status['code'], 500, kind);
        assert.equal(status['status'], 'FAILURE', kind);
        assert.ok(tells(String(status['info'])), `${kind}: ${reply.text}`);

        const said = await askGrpc(running.grpcPort, {
          message: Buffer.from('2a0141', 'hex'),
          headers,
        });
        assert.equal(said.status, grpcStatus, `${kind}: ${said.statusMessage}`);
        assert.equal({ ...said.headers, ...said.trailers }['sidegraph-error'], code, kind);
        assert.ok(
          said.statusMessage.startsWith(`${code}: `) && tells(said.statusMessage),
          `${kind}: ${said.statusMessage}`,
        );
      }
    });
  });
});

async function listen(take: (socket: net.Socket) => void): Promise<net.Server> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    take(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  return server;
}

function portOf(server: net.Server): number {
  return (server.address() as net.AddressInfo).port;
}

/** A SeldonMessage with a tensor of one number. */
function routeMessage(branch: number): Buffer {
  const message = Buffer.from('1a0f120d0a010112080000000000000000', 'hex');
  message.writeDoubleLE(branch, message.length - 8);
  return message;
}
