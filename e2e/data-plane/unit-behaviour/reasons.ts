// Why some behaviours of units are answered otherwise at one place than at another.
import type { Kind } from './behaviour.ts';

const STREAMED =
  'Envoy streams a response, and the client has its head before the fault shows; the filter reads a response to its end before it goes on';
const JUDGED_BY_CLIENT =
  "Envoy passes on what the unit sent, and the client's gRPC library judges it; the filter has to read the message, and says what it could not read";
const WAITED =
  'when Envoy forwards a response, the timeout of a call limits the time to its head and the deadline the rest, since it may stream; the filter waits for all of it';
const HELD =
  '`sidegraph.io/max-answer-bytes` limits what the filter has to hold; what Envoy forwards is not held';
const TWO_READERS =
  'two readers could understand it differently, so the filter rejects it; Envoy ignores it';
const ENVOY_RESPONSES =
  "the filter's own responses are written by Envoy, which strips headers with its own names from them";

export const REASONS: Readonly<Record<Kind, Readonly<Record<string, string>>>> = {
  rest: {
    'switches-101':
      'Envoy forwards it although nobody asked for it; the filter cannot go on with a connection that speaks another protocol',
    'status-1000': 'a status has three digits; Envoy reads any number of them',
    'type-twice': 'Envoy joins the two; the filter passes on one with the message: the first',
    'envoy-names': ENVOY_RESPONSES,
    hop: 'Envoy does not look at the headers that `connection` names; the filter drops them, as a proxy should',
    'length-long-close': STREAMED,
    'chunk-size-bad': STREAMED,
    'chunk-size-huge': STREAMED,
    'chunk-no-end': STREAMED,
    'chunk-bare-lf': STREAMED,
    'chunk-cut': STREAMED,
    'reset-body': STREAMED,
    'chunk-size-words': TWO_READERS,
    'bare-cr': TWO_READERS,
    'large-length': HELD,
    'large-chunked': HELD,
    'large-close': HELD,
    'wait-body': WAITED,
    'wait-half': WAITED,
    'wait-chunk': WAITED,
  },
  grpc: {
    'trailers-none': JUDGED_BY_CLIENT,
    'trailers-no-status': JUDGED_BY_CLIENT,
    'messages-none': JUDGED_BY_CLIENT,
    'messages-none-only': JUDGED_BY_CLIENT,
    'messages-two': JUDGED_BY_CLIENT,
    'message-half': JUDGED_BY_CLIENT,
    'frame-half': JUDGED_BY_CLIENT,
    'frame-flag': JUDGED_BY_CLIENT,
    'gzip-broken': JUDGED_BY_CLIENT,
    'gzip-unnamed': JUDGED_BY_CLIENT,
    'encoding-odd': JUDGED_BY_CLIENT,
    'http-html': JUDGED_BY_CLIENT,
    'http-json': JUDGED_BY_CLIENT,
    'http-no-type': JUDGED_BY_CLIENT,
    'large-over': HELD,
    'reset-half': STREAMED,
    'wait-headers': WAITED,
    'wait-message': WAITED,
  },
};
