// A reporter for node:test that writes one line, `N passed, N failed` with `, N skipped` where there are any.
// A cancelled test counts as failed: it did not show what it says. Tests marked as to do count as skipped.
import { EventEmitter } from 'node:events';
import type { TestEvent } from 'node:test/reporters';

// Each reporter listens to the runner's stream several times; three of them are more than Node's bound, and no leak.
EventEmitter.defaultMaxListeners = 20;

export default async function* countTests(
  events: AsyncIterable<TestEvent>,
): AsyncGenerator<string> {
  for await (const event of events) {
    // There is a summary for each file and, without a file, one for the whole run.
    if (event.type !== 'test:summary' || event.data.file !== undefined) continue;
    const { passed, cancelled, skipped, todo, tests } = event.data.counts;
    const left = skipped + todo;
    const failed = Math.max(cancelled, tests - passed - left);
    yield `${passed} passed, ${failed} failed${left > 0 ? `, ${left} skipped` : ''}\n`;
  }
}
