// Who wants which port of this machine, so that a clash is told by the names of both sides before anything starts.
import { createServer } from 'node:net';
import { CommandFailure, systemCode } from '../../lib/runtime/failure.ts';
import { LOCAL_HOST } from '../../lib/runtime/hosts.ts';

export interface PortClaim {
  readonly port: number;
  readonly host: string;
  /** In words: `the ingress (--port)`, `unit scaler (HTTP)`. */
  readonly owner: string;
  readonly advice: string;
}

/** The first port that two claims share, as a failure that names both; undefined when there is none. */
export function findClash(claims: readonly PortClaim[]): CommandFailure | undefined {
  const owners = new Map<number, PortClaim>();
  for (const claim of claims) {
    const first = owners.get(claim.port);
    if (first !== undefined) {
      return new CommandFailure(
        'PORT_CLASH',
        `port ${claim.port} is wanted twice: by ${first.owner} and by ${claim.owner}`,
        claim.advice,
      );
    }
    owners.set(claim.port, claim);
  }
  return undefined;
}

/** What is wrong with the address, and not with the port. */
const OF_HOST: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'is not an address of this machine',
  EAFNOSUPPORT: 'is of a kind of addresses that this machine has none of',
  EINVAL: 'is an address of a single link, on which Envoy cannot listen',
};

/** Tries to listen on each port for a moment. Envoy shares ports with other processes silently, so we look first. */
export async function findTaken(claims: readonly PortClaim[]): Promise<CommandFailure | undefined> {
  for (const claim of claims) {
    const code = await tryListen(claim.host, claim.port);
    if (code === '') continue;
    const ofHost = OF_HOST[code];
    const why =
      code === 'EADDRINUSE'
        ? 'is already in use by another program'
        : code === 'EACCES'
          ? 'needs rights that this user does not have'
          : ofHost === undefined
            ? `cannot be opened (${code})`
            : `cannot be opened: ${claim.host} ${ofHost}`;
    return new CommandFailure(
      'PORT_TAKEN',
      `port ${claim.port} for ${claim.owner} ${why}`,
      ofHost === undefined ? claim.advice : 'choose another --host',
    );
  }
  return undefined;
}

/** A port that nothing listens on and that is not in `taken`, from `first` up. */
export async function findFreePort(first: number, taken: ReadonlySet<number>): Promise<number> {
  for (let port = first; port < 65_536; port++) {
    if (!taken.has(port) && (await tryListen(LOCAL_HOST, port)) === '') return port;
  }
  throw new CommandFailure(
    'PORT_TAKEN',
    `no free port above ${first}`,
    'stop some of what listens there',
  );
}

/** '' when the port could be opened, else the system's code. */
function tryListen(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(systemCode(error) || 'unknown error'));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve('')));
  });
}
