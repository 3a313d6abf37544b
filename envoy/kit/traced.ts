// The way of requests that are traced from the listener that they came to, which makes no spans, to one that does: Envoy makes spans of
// every request of a listener that traces, sampled or not. Who decides is the caller; of requests whose caller has not, a
// share is drawn, by the context that was made for them before the first match.
import { TRACE_HEADER } from '../../graph/plan/names.ts';
import type { EnvoyJson } from './json.ts';
import { fitsHttp2, passedOn } from './passed-on.ts';
import { isDrawn, isSampledByCaller } from './tracing.ts';

export interface TracedWay {
  /** Which requests take it, as a route matches their headers. */
  readonly headers: readonly EnvoyJson[];
  /** The route of all of them. */
  readonly route: PassingOn;
}

export interface PassingOn extends EnvoyJson {
  readonly route: EnvoyJson;
}

/** In the order in which they are tried. A request that none of them can take goes on as one that is not traced. */
export function tracedWays(listener: string, samplingMillionths: number): TracedWay[] {
  const route = passOn(listener);
  const sampled = { headers: [...isSampledByCaller(), fitsHttp2()], route };
  if (samplingMillionths === 0) return [sampled];
  // The made context says a span that there is not: the trace begins where the request goes on to.
  const begun = { ...route, request_headers_to_remove: [TRACE_HEADER] };
  return [{ headers: [...isDrawn(samplingMillionths), fitsHttp2()], route: begun }, sampled];
}

/** As it came: whatever is done with a request is done at the listener that it goes to. */
export function passOn(listener: string): PassingOn {
  return {
    name: 'traced',
    match: { prefix: '/' },
    route: { cluster: listener, timeout: '0s' },
    request_headers_to_add: [passedOn()],
  };
}
