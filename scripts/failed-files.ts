// A reporter for node:test that writes the path of each test file in which something failed, one a line.
import type { TestEvent } from 'node:test/reporters';

export default async function* listFailedFiles(
  events: AsyncIterable<TestEvent>,
): AsyncGenerator<string> {
  const told = new Set<string>();
  for await (const event of events) {
    // A file that was killed has no summary, but is a test that failed.
    const failed =
      event.type === 'test:fail' || (event.type === 'test:summary' && !event.data.success);
    if (!failed) continue;
    const file = event.data.file;
    if (file === undefined || told.has(file)) continue;
    told.add(file);
    yield `${file}\n`;
  }
}
