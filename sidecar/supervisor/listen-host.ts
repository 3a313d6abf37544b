// The address that `--host` means. Envoy listens on IP addresses only, so a name is looked up here, once.
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { CommandFailure, systemCode } from '../../lib/runtime/failure.ts';
import { describeThrown } from '../../lib/runtime/thrown.ts';
import { isLocalName, LOCAL_HOST } from '../../lib/runtime/hosts.ts';

/** Throws HOST_UNUSABLE in words. `localhost` is the IPv4 loopback, whatever the machine's tables say first. */
export async function resolveListenHost(
  host: string,
  resolve: typeof lookupAll = lookupAll,
): Promise<string> {
  const plain = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  if (isIP(plain) !== 0 && !plain.includes('%')) return plain;
  if (isLocalName(plain)) return LOCAL_HOST;
  if (!/^[\w.-]{1,253}$/.test(plain)) throw unusable(host, 'is neither an IP address nor a name');
  let addresses: readonly string[];
  try {
    addresses = await resolve(plain);
  } catch (thrown) {
    const code = systemCode(thrown);
    throw unusable(
      host,
      code === 'ENOTFOUND' ? 'is a name that is not known' : describeThrown(thrown),
    );
  }
  // Units and most clients of a machine speak IPv4.
  const chosen = addresses.find((address) => isIP(address) === 4) ?? addresses[0];
  if (chosen === undefined) throw unusable(host, 'is a name without an address');
  return chosen;
}

async function lookupAll(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

function unusable(host: string, why: string): CommandFailure {
  return new CommandFailure(
    'HOST_UNUSABLE',
    `--host ${host} ${why}`,
    'write an IP address of this machine, 127.0.0.1 for itself alone, 0.0.0.0 for all of its addresses',
  );
}
