// Feedback over REST. Seldon's own form has the prediction's response in it, with the routing in its `meta`. The short form has the
// prediction's puid instead: `{"puid":"…","reward":0.8}`, with `truth` and `request` as in Seldon's, and is made into that for
// units. A response that has nothing but `meta.puid` says as little.
import {
  findMember,
  findPath,
  keys,
  keyIs,
  type Span,
  wholeValue,
} from '../../lib/codecs/json/find.ts';
import {
  CLOSE_OBJECT,
  OPEN_OBJECT,
  QUOTE,
  skipKey,
  skipSpace,
  skipString,
  skipValue,
} from '../../lib/codecs/json/scan.ts';
import type { FeedbackReading, Routing } from '../dialect.ts';
import { MAX_PUID_BYTES, MAX_ROUTING_BYTES } from '../reading-limits.ts';

import { layOver } from './lay-over-json.ts';
import { countRowsJson } from './rows.ts';

const ROUTING = keys('response', 'meta', 'routing');
const PUID_IN_RESPONSE = keys('response', 'meta', 'puid');
const [RESPONSE, PUID, REWARD, REQUEST] = keys('response', 'puid', 'reward', 'request') as [
  Buffer,
  Buffer,
  Buffer,
  Buffer,
];
const DATA = keys('data', 'binData', 'strData', 'jsonData', 'customData');
/** The members of the short form, in the order in which units get them after the response. */
const SHORT = ['puid', 'request', 'reward', 'truth'] as const;
const SHORT_KEYS = keys(...SHORT);

/** Of a character of JSON, in the longest of its forms: an escape of six. */
const LONGEST_CHARACTER = 6;
/** Largest number of protobuf's `float`, which a reward is. */
const MAX_REWARD = 3.402_823_466_385_288_6e38;
const NO_PUID = `puid is not a text of 1 to ${MAX_PUID_BYTES} bytes`;
/** So much of a key that is none is quoted. */
const MAX_QUOTED = 40;

type ShortMember = (typeof SHORT)[number];
type ShortForm = Partial<Record<ShortMember, Span>>;

/** Null for what is no JSON object. */
export function readFeedbackJson(body: Buffer): FeedbackReading {
  const whole = wholeValue(body);
  if (whole === undefined || body[whole.start] !== OPEN_OBJECT) return undefined;
  if (isShort(body, whole)) return readShort(body, whole);
  const routing = readRouting(body);
  const lone = routing === undefined ? findLonePuid(body, whole) : undefined;
  const puid = lone === undefined ? undefined : readPuid(body, lone);
  if (lone !== undefined && puid === undefined) return malformed(NO_PUID);
  const reward = readReward(body, findMember(body, whole, REWARD));
  const request = findMember(body, whole, REQUEST);
  const rows = typeof request === 'string' ? 1 : countRowsJson(body, request);
  return { kind: 'feedback', isShort: false, routing, reward, rows, puid };
}

/** A feedback with `routing` in Seldon's form; unchanged where that cannot be done. */
export function writeFeedbackJson(body: Buffer, routing: Routing): Buffer {
  const whole = wholeValue(body);
  if (whole === undefined || body[whole.start] !== OPEN_OBJECT) return body;
  if (!isShort(body, whole)) return layOver(body, whole, ROUTING, routing);
  const members = listMembers(body, whole);
  if (typeof members === 'string') return body;
  const textOf = ({ start, end }: Span): string => body.toString('utf8', start, end);
  const { puid } = members;
  if (puid === undefined) return body;
  const routed = Object.keys(routing).length === 0 ? '' : `,"routing":${JSON.stringify(routing)}`;
  const pieces: Buffer[] = [Buffer.from(`{"response":{"meta":{"puid":${textOf(puid)}${routed}}}`)];
  for (const name of SHORT) {
    const span = members[name];
    if (name === 'puid' || span === undefined) continue;
    pieces.push(Buffer.from(`,"${name}":`), body.subarray(span.start, span.end));
  }
  pieces.push(Buffer.from('}'));
  return Buffer.concat(pieces);
}

function isShort(body: Buffer, whole: Span): boolean {
  return (
    typeof findMember(body, whole, PUID) === 'object' &&
    findMember(body, whole, RESPONSE) === 'absent'
  );
}

function readShort(body: Buffer, whole: Span): FeedbackReading {
  const members = listMembers(body, whole);
  if (typeof members === 'string') return malformed(members);
  const { puid: puidSpan, reward: rewardSpan } = members;
  const puid = puidSpan === undefined ? undefined : readPuid(body, puidSpan);
  if (puid === undefined) return malformed(NO_PUID);
  const reward =
    rewardSpan === undefined
      ? 0
      : Number(body.toString('latin1', rewardSpan.start, rewardSpan.end));
  if (!(Math.abs(reward) <= MAX_REWARD))
    return malformed('reward is not a number that a float holds');
  for (const name of ['request', 'truth'] as const) {
    const span = members[name];
    if (span !== undefined && body[span.start] !== OPEN_OBJECT && !isNull(body, span))
      return malformed(`${name} is not an object`);
  }
  const { request } = members;
  const rows = request === undefined ? 1 : countRowsJson(body, request);
  return { kind: 'feedback', isShort: true, routing: undefined, reward, rows, puid };
}

/** The members of a short form by name, or what is wrong with one of them. */
function listMembers(body: Buffer, whole: Span): ShortForm | string {
  const members: ShortForm = {};
  let at = skipSpace(body, whole.start + 1, whole.end);
  while (body[at] !== CLOSE_OBJECT) {
    const keyEnd = skipString(body, at, whole.end);
    const start = skipKey(body, at, whole.end);
    const end = skipValue(body, start, whole.end);
    const index = SHORT_KEYS.findIndex((key) => keyIs(body, at, keyEnd, key));
    const name = SHORT[index];
    if (name === undefined) {
      const shown = body.toString('utf8', at + 1, Math.min(keyEnd - 1, at + MAX_QUOTED));
      return `${JSON.stringify(shown)} is no member of a feedback with a puid`;
    }
    if (members[name] !== undefined) return `${name} is there twice`;
    members[name] = { start, end };
    at = skipSpace(body, end, whole.end);
    // The comma; the whole is known to be JSON.
    if (body[at] !== CLOSE_OBJECT) at = skipSpace(body, at + 1, whole.end);
  }
  return members;
}

/** As a header has it: each character one of its bytes. Undefined for no text, and one that is too long. */
function readPuid(body: Buffer, { start, end }: Span): string | undefined {
  if (body[start] !== QUOTE || end - start > MAX_PUID_BYTES * LONGEST_CHARACTER + 2)
    return undefined;
  const bytes = Buffer.from(JSON.parse(body.toString('utf8', start, end)) as string);
  return bytes.length === 0 || bytes.length > MAX_PUID_BYTES ? undefined : bytes.toString('latin1');
}

/** That of a response that has no data; undefined where there is none, or an empty one. */
function findLonePuid(body: Buffer, whole: Span): Span | undefined {
  const puid = findPath(body, PUID_IN_RESPONSE);
  const response = findMember(body, whole, RESPONSE);
  if (typeof puid === 'string' || typeof response === 'string') return undefined;
  if (DATA.some((key) => findMember(body, response, key) !== 'absent')) return undefined;
  return isNull(body, puid) || puid.end - puid.start === 2 ? undefined : puid;
}

function readRouting(body: Buffer): Readonly<Record<string, unknown>> | 'too-long' | undefined {
  const found = findPath(body, ROUTING);
  if (typeof found === 'string') return undefined;
  if (found.end - found.start > MAX_ROUTING_BYTES) return 'too-long';
  const value: unknown = JSON.parse(body.toString('utf8', found.start, found.end));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.keys(value).length === 0 ? undefined : (value as Record<string, unknown>);
}

/** A number that a float holds, or a text of one as protobuf allows it; 0 where there is none, NaN for anything else. */
function readReward(body: Buffer, found: Span | 'absent' | 'invalid'): number {
  if (typeof found === 'string' || isNull(body, found)) return 0;
  const isText = body[found.start] === QUOTE;
  const text = body.toString('latin1', found.start + Number(isText), found.end - Number(isText));
  const reward = text.trim() === '' ? Number.NaN : Number(text);
  return Math.abs(reward) <= MAX_REWARD ? reward : Number.NaN;
}

function isNull(body: Buffer, span: Span): boolean {
  return body[span.start] === 0x6e;
}

function malformed(info: string): FeedbackReading {
  return { kind: 'malformed', info };
}
