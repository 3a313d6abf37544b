// A sink of payload logs, as a broker takes CloudEvents: what was posted is kept and comes back at `/events`.
import type { Handler } from './rest.ts';

export interface LoggedEvent {
  readonly path: string;
  /** Those of CloudEvents, without `ce-`. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const MAX_EVENTS = 10_000;

export function sinkRest(): Handler {
  const events: LoggedEvent[] = [];
  return ({ method, path, headers, body }) => {
    if (method === 'GET') return { body: events };
    const attributes = Object.fromEntries(
      Object.entries(headers)
        .filter(([name]) => name.startsWith('ce-'))
        .map(([name, value]) => [name.slice('ce-'.length), String(value)]),
    );
    if (events.length < MAX_EVENTS) events.push({ path, attributes, body });
    return { status: 202, body: {} };
  };
}
