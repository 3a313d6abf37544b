// Sends an event as a POST, headers and body as they are (CloudEvents over HTTP, binary mode).
import type { Agent, RequestOptions } from 'node:http';
import { EVENT_TIMEOUT_MS, MAX_EVENTS_IN_FLIGHT, MAX_SINK_RESPONSE_BYTES } from './limits.ts';
import type { OpenEvent } from './event-body.ts';
import { refuseSwitch } from '../../lib/runtime/node-http.ts';

export class HttpSink {
  #agents: { readonly http: Agent; readonly https: Agent } | undefined;

  /** Resolves with what went wrong, undefined for nothing; rejects where there was no response. */
  async send({ event, body, contentEncoding }: OpenEvent): Promise<string | undefined> {
    const url = new URL(event.url);
    const options: RequestOptions = {
      method: 'POST',
      agent: this.#agentFor(url),
      signal: AbortSignal.timeout(EVENT_TIMEOUT_MS),
      headers: {
        ...event.headers,
        ...(contentEncoding === undefined ? {} : { 'content-encoding': contentEncoding }),
        'content-length': body.length,
      },
    };
    const status = await post(url, options, body);
    return status >= 200 && status < 300 ? undefined : `the sink answered ${status}`;
  }

  #agentFor(url: URL): Agent {
    this.#agents ??= openAgents();
    return url.protocol === 'https:' ? this.#agents.https : this.#agents.http;
  }
}

// Not by `import`, which loads more than is used (lib/runtime/node-http.ts); and only where something is logged.
function openAgents(): { readonly http: Agent; readonly https: Agent } {
  const options = { keepAlive: true, maxSockets: MAX_EVENTS_IN_FLIGHT };
  return {
    http: new (process.getBuiltinModule('node:http').Agent)(options),
    https: new (process.getBuiltinModule('node:https').Agent)(options),
  };
}

function post(url: URL, options: RequestOptions, body: Buffer): Promise<number> {
  const { request } = process.getBuiltinModule(
    url.protocol === 'https:' ? 'node:https' : 'node:http',
  );
  return new Promise((resolve, reject) => {
    const outgoing = request(url, options, (incoming) => {
      const status = incoming.statusCode ?? 0;
      let bytes = 0;
      incoming.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= MAX_SINK_RESPONSE_BYTES) return;
        resolve(status);
        incoming.destroy();
      });
      incoming.on('error', reject);
      incoming.on('end', () => resolve(status));
    });
    refuseSwitch(outgoing).on('error', reject);
    outgoing.end(body);
  });
}
