// Server-sent events out of a body: the data of each. One that is longer than anything that is sent ends it.

const MAX_EVENT_CHARS = 8 * 1024 * 1024;
const DATA = 'data: ';

export async function* readEvents(body: AsyncIterable<unknown>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const text = Buffer.isBuffer(chunk) ? decoder.decode(chunk, { stream: true }) : String(chunk);
    const events = `${rest}${text}`.split('\n\n');
    rest = events.pop() ?? '';
    if (rest.length > MAX_EVENT_CHARS) throw new Error('it sends an event without end');
    for (const event of events) if (event.startsWith(DATA)) yield event.slice(DATA.length);
  }
}
