// A DNS server of the tests: answers A and AAAA over UDP from what it is told at the time, or fails as it is told.
import dgram from 'node:dgram';
import { isIPv4 } from 'node:net';

export type Zone =
  /** In the order in which they are answered; none: the name is there and has no address. */
  | { readonly kind: 'addresses'; readonly addresses: readonly string[]; readonly ttl: number }
  | { readonly kind: 'nxdomain' }
  | { readonly kind: 'servfail' }
  /** No response at all. */
  | { readonly kind: 'silent' };

export interface NameServer {
  /** What every name is from now on. */
  set(zone: Zone): void;
  close(): Promise<void>;
}

const TYPE_A = 1;
const TYPE_AAAA = 28;
const RCODES = { addresses: 0, nxdomain: 3, servfail: 2 } as const;

/** On port 53 of the loopback address. */
export async function startNameServer(first: Zone): Promise<NameServer> {
  let zone = first;
  const socket = dgram.createSocket('udp4');
  socket.on('message', (query, from) => {
    const reply = replyTo(query, zone);
    if (reply !== undefined) socket.send(reply, from.port, from.address);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(53, '127.0.0.1', resolve);
  });
  return {
    set: (next) => {
      zone = next;
    },
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** RFC 1035, section 4: header, the question again, and the records, whose names point to the question's. */
function replyTo(query: Buffer, zone: Zone): Buffer | undefined {
  if (zone.kind === 'silent') return undefined;
  let end = 12;
  while ((query[end] ?? 0) !== 0) end += 1 + (query[end] ?? 0);
  const question = query.subarray(12, end + 5);
  const type = query.readUInt16BE(end + 1);
  const records =
    zone.kind === 'addresses'
      ? zone.addresses
          .filter((address) => type === (isIPv4(address) ? TYPE_A : TYPE_AAAA))
          .map((address) => recordOf(address, zone.ttl))
      : [];
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8180 | RCODES[zone.kind], 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  return Buffer.concat([head, question, ...records]);
}

function recordOf(address: string, ttl: number): Buffer {
  const bytes = isIPv4(address) ? Buffer.from(address.split('.').map(Number)) : bytesOfV6(address);
  const record = Buffer.alloc(12);
  record.writeUInt16BE(0xc00c, 0);
  record.writeUInt16BE(isIPv4(address) ? TYPE_A : TYPE_AAAA, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt32BE(ttl, 6);
  record.writeUInt16BE(bytes.length, 10);
  return Buffer.concat([record, bytes]);
}

/** Of an address with one `::`. */
function bytesOfV6(address: string): Buffer {
  const [before = [], after = []] = address
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  const bytes = Buffer.alloc(16);
  [...before, ...zeros, ...after].forEach((group, i) => {
    bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * i);
  });
  return bytes;
}
