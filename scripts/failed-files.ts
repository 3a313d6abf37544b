// A reporter for node:test that writes the path of each test file in which something failed, one a line.
import type { TestEvent } from 'node:test/reporters';

export default async function* listFailedFiles(
  events: AsyncIterable<TestEvent>,
): AsyncGenerator<string> {
  for await (const event of events) {
    if (event.type !== 'test:summary') continue;
    const { file, success } = event.data;
    if (file !== undefined && !success) yield `${file}\n`;
  }
}
