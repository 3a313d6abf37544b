// Names under which a browser may call this host: addresses, and names that no stranger's DNS answers for. A page from elsewhere could
// otherwise read from here, by a name of its own that leads here.

const OWN_NAME = /^(\[[0-9a-f:.]+\]|[\d.]+|([a-z0-9-]+\.)*localhost|[a-z0-9-]+)(:\d+)?$/i;

/** `host` as the header of a request says it; one without is no browser's. */
export function isOwnName(host: string | undefined): boolean {
  return OWN_NAME.test(host ?? 'localhost');
}
