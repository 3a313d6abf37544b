// Hosts as people and manifests write them: which of them are this one, and how an address is put together.

/** Where local processes listen and are called: servers of models listen on IPv4, and `localhost` may name the IPv6 loopback first. */
export const LOCAL_HOST = '127.0.0.1';

/** Not all of 127.0.0.0/8: whoever writes another of them means a host apart, which is called as one. */
const LOOPBACK: readonly string[] = ['127.0.0.1', '::1'];
/** Names of this host, whatever letters they are written in (RFC 6761, 6.3). */
const LOCALHOST = /^(?:[^.]+\.)*localhost\.?$/i;
const WILDCARDS: readonly string[] = ['0.0.0.0', '::'];

/** `localhost` and names below it. */
export function isLocalName(host: string): boolean {
  return LOCALHOST.test(host);
}

/** An address of the loopback, or a name of it. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.includes(host) || isLocalName(host);
}

/** The loopback, or all addresses of this host, which a client on it reaches there too. */
export function isThisHost(host: string): boolean {
  return isLoopback(host) || WILDCARDS.includes(host);
}

/** As in a URL: an IPv6 address in brackets. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** `host:port`, with the brackets that an IPv6 address needs. */
export function hostPort({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${bracketed(host)}:${port}`;
}
