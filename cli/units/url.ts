// Reads `--unit NAME=URL`. `http://host:port` names where the unit answers REST, `grpc://host:port` where it answers
// gRPC; a unit that answers both is given twice. The name may be `predictor/unit` where two predictors share a name.
import type { Parsed } from '../../lib/runtime/options.ts';
import { findHostFault } from '../../graph/seldon/check-hosts.ts';
import type { Address } from '../../graph/plan/deployment.ts';

export interface UnitAddress {
  readonly host: string;
  /** undefined: not given, so the unit has no REST address of its own. */
  readonly httpPort: number | undefined;
  readonly grpcPort: number | undefined;
}

/** What the compiler takes: a unit that was given one way only is asked there over both. */
export function addressesOf(units: ReadonlyMap<string, UnitAddress>): ReadonlyMap<string, Address> {
  return new Map(
    [...units].map(([name, { host, httpPort, grpcPort }]) => [
      name,
      { host, httpPort: httpPort ?? grpcPort ?? 0, grpcPort: grpcPort ?? httpPort ?? 0 },
    ]),
  );
}

export function parseUnitFlags(flags: readonly string[]): Parsed<ReadonlyMap<string, UnitAddress>> {
  const addresses = new Map<string, UnitAddress>();
  for (const flag of flags) {
    const equals = flag.indexOf('=');
    if (equals <= 0)
      return bad(`--unit ${flag}: expected NAME=URL, for example model=http://127.0.0.1:9000`);
    const name = flag.slice(0, equals);
    const parsed = parseUrl(flag.slice(equals + 1));
    if (typeof parsed === 'string') return bad(`--unit ${flag}: ${parsed}`);
    const before = addresses.get(name);
    if (before !== undefined && before.host !== parsed.host) {
      return bad(
        `--unit ${name}: given twice with different hosts, ${before.host} and ${parsed.host}`,
      );
    }
    addresses.set(name, {
      host: parsed.host,
      httpPort: parsed.httpPort ?? before?.httpPort,
      grpcPort: parsed.grpcPort ?? before?.grpcPort,
    });
  }
  return { kind: 'value', value: addresses };
}

/** The address that a URL names, or what is wrong with it. */
function parseUrl(text: string): UnitAddress | string {
  let url: URL;
  try {
    url = new URL(text.includes('://') ? text : `http://${text}`);
  } catch {
    return 'is not a URL; expected http://HOST:PORT or grpc://HOST:PORT';
  }
  const grpc = url.protocol === 'grpc:';
  if (!grpc && url.protocol !== 'http:') {
    return `scheme ${url.protocol}// is not supported; expected http:// or grpc://`;
  }
  if (url.username !== '' || url.password !== '') return 'has a user; give only HOST:PORT';
  if (url.search !== '' || url.hash !== '') return 'has a query or a fragment; give only HOST:PORT';
  if (url.pathname !== '' && url.pathname !== '/') {
    return `has the path ${url.pathname}; a unit answers at fixed paths, give only HOST:PORT`;
  }
  if (url.hostname === '') return 'names no host';
  const port = url.port === '' ? (grpc ? undefined : 80) : Number(url.port);
  if (port === undefined || port === 0) return 'names no port';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const fault = findHostFault(host);
  if (fault !== undefined) return `${host} is no host: ${fault.why}; ${fault.advice}`;
  return grpc
    ? { host, httpPort: undefined, grpcPort: port }
    : { host, httpPort: port, grpcPort: undefined };
}

function bad(message: string): Parsed<never> {
  return { kind: 'wrong', message };
}
