// The static table of HPACK (RFC 7541, appendix A), entries 1 to 61: name, value, name, value …
const ROWS = `:authority|
:method|GET
:method|POST
:path|/
:path|/index.html
:scheme|http
:scheme|https
:status|200
:status|204
:status|206
:status|304
:status|400
:status|404
:status|500
accept-charset|
accept-encoding|gzip, deflate
accept-language|
accept-ranges|
accept|
access-control-allow-origin|
age|
allow|
authorization|
cache-control|
content-disposition|
content-encoding|
content-language|
content-length|
content-location|
content-range|
content-type|
cookie|
date|
etag|
expect|
expires|
from|
host|
if-match|
if-modified-since|
if-none-match|
if-range|
if-unmodified-since|
last-modified|
link|
location|
max-forwards|
proxy-authenticate|
proxy-authorization|
range|
referer|
refresh|
retry-after|
server|
set-cookie|
strict-transport-security|
transfer-encoding|
user-agent|
vary|
via|
www-authenticate|`;

/** Entry `i` of the table has its name at `2 * i` and its value behind; entry 0 does not exist. */
export const STATIC_TABLE: readonly string[] = ['', '', ...ROWS.split('\n').flatMap(splitRow)];
export const STATIC_ENTRIES = 61;

function splitRow(row: string): string[] {
  const bar = row.indexOf('|');
  return [row.slice(0, bar), row.slice(bar + 1)];
}
