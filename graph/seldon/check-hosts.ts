// Whether a text can be the host of a unit: an IP address or a name that resolvers take. What Envoy or the filter could only
// fail to resolve, request after request, is told before anything starts.
import { isIP } from 'node:net';
import type { FindingSink } from '../manifest/finding.ts';
import { shorten } from '../manifest/shorten.ts';
import { describeTemplateMark, TEMPLATE_ADVICE } from '../manifest/template-marks.ts';
import type { WrittenEndpoint } from './written.ts';

/** A label of a name; underscores are no part of a host name by RFC 1123, but resolvers and Docker networks know them. */
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;
const MAX_NAME_LENGTH = 253;
/** A last label like this makes resolvers read the whole as an IPv4 address (the URL standard's "ends in a number"). */
const NUMBER = /^([0-9]+|0x[0-9a-f]*)$/i;

export interface HostFault {
  readonly why: string;
  readonly advice: string;
}

/** What keeps a text from being a host; undefined when nothing does. */
export function findHostFault(host: string): HostFault | undefined {
  const mark = describeTemplateMark(host);
  if (mark !== undefined) return { why: mark, advice: TEMPLATE_ADVICE };
  if (isIP(host) !== 0 && !host.includes('%')) return undefined;
  const fault = (why: string, advice: string): HostFault => ({ why, advice });
  if (host.length > 2 * MAX_NAME_LENGTH)
    return fault('it is too long', `use at most ${MAX_NAME_LENGTH} characters`);
  if (host.trim() !== host)
    return fault('there is white space around it', 'remove the white space');
  if (host.includes('://')) return fault('it has a scheme', 'leave out the scheme: only the host');
  if (/[/?#\\]/.test(host)) return fault('it has a path', 'leave out the path: only the host');
  if (host.includes('@')) return fault('it has a user', 'leave out the user: only the host');
  const inner = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : '';
  if (isIP(inner) === 6) return fault('it is in brackets', `write ${inner}`);
  if (host.includes('%')) return fault('it has a zone', 'write the address without %');
  const colon = host.lastIndexOf(':');
  if (colon >= 0 && host.indexOf(':') === colon)
    return fault('it has a port', 'leave the port to httpPort, grpcPort or service_port');
  if (colon >= 0) return fault('it is no IPv6 address', 'correct the address');
  return findNameFault(host.endsWith('.') ? host.slice(0, -1) : host);
}

function findNameFault(name: string): HostFault | undefined {
  if (name.length > MAX_NAME_LENGTH)
    return {
      why: `it has ${name.length} characters`,
      advice: `a name has at most ${MAX_NAME_LENGTH}`,
    };
  const labels = name.split('.');
  if (NUMBER.test(labels.at(-1) ?? ''))
    return { why: 'it is no IPv4 address', advice: 'write four numbers from 0 to 255' };
  const wrong = labels.find((label) => !LABEL.test(label));
  if (wrong === undefined) return undefined;
  if (wrong === '') return { why: 'a part of the name is empty', advice: 'remove the dot' };
  if (/\P{ASCII}/u.test(wrong))
    return {
      why: `${shorten(wrong)} is not ASCII`,
      advice: 'write the name as DNS has it (xn--…)',
    };
  if (wrong.length > 63)
    return {
      why: `${shorten(wrong)} has ${wrong.length} characters`,
      advice: 'a part of a name has at most 63',
    };
  return {
    why: `${shorten(wrong)} cannot be a part of a name`,
    advice: 'use letters, digits, _ and - (inside)',
  };
}

export function checkEndpointHost(endpoint: WrittenEndpoint, sink: FindingSink): void {
  if (endpoint.host === '') return;
  const fault = findHostFault(endpoint.host);
  if (fault === undefined) return;
  const message = `${shorten(endpoint.host)} is no host: ${fault.why}`;
  sink.add('HOST_INVALID', `${endpoint.path}.service_host`, message, fault.advice);
}
