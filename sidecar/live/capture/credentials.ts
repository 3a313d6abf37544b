// Which headers and query parameters are credentials, by their names: their values are never kept, shown or sent again.

const CREDENTIAL =
  /(^|[-_.])(auth|authorization|authentication|cookie2?|credentials?|jwt|passwd|password|secrets?|session|signature|token)([-_.]|$)|api[-_]?key|access[-_]?key|private[-_]?key|client[-_]?cert/i;

export function isCredential(name: string): boolean {
  return CREDENTIAL.test(name);
}

/** A path whose query says no credential. */
export function withoutCredentials(path: string): string {
  const at = path.indexOf('?');
  if (at < 0) return path;
  const parts = path
    .slice(at + 1)
    .split('&')
    .map((part) => {
      const [name = ''] = part.split('=');
      return isCredential(decoded(name)) ? `${name}=` : part;
    });
  return `${path.slice(0, at)}?${parts.join('&')}`;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
