// A small https server for the tests of calls: answers as the test says, counts connections, and can change its certificate.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';
import { PooledKubeConfig } from '../config.ts';

export interface TestServer {
  readonly url: string;
  readonly server: Server;
  readonly connections: () => number;
  /** PEM. */
  readonly ca: string;
  config(): PooledKubeConfig;
  close(): Promise<void>;
}

export async function startTestServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<TestServer> {
  const pems = await createCertificate();
  const server = createServer({ key: pems.private, cert: pems.cert }, answer);
  let connections = 0;
  server.on('secureConnection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    server,
    connections: () => connections,
    ca: pems.cert,
    config() {
      const config = new PooledKubeConfig();
      const caData = Buffer.from(pems.cert).toString('base64');
      config.loadFromClusterAndUser(
        { name: 'test', server: url, caData, skipTLSVerify: false },
        { name: 'test', token: 'a-token' },
      );
      return config;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function createCertificate(): Promise<{ private: string; cert: string }> {
  return generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
}

/** Answers with JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
