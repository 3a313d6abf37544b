import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LESSON_DELAY_MS } from '../feedback/limits.ts';
import type { Lesson } from '../policies/state-store.ts';
import { LessonSender } from './lesson-sender.ts';

test('lessons of a while are sent together, and nothing where there are none', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const waiting: Lesson[] = [];
  const sent: (readonly Lesson[])[] = [];
  const sender = new LessonSender(
    () => waiting.splice(0),
    (lessons) => sent.push(lessons),
  );
  const learn = (child: string): Lesson => {
    const lesson = { unit: 'n/d/p/u', child, tries: 1, successes: 1 };
    waiting.push(lesson);
    sender.note();
    return lesson;
  };
  const a = learn('a');
  t.mock.timers.tick(LESSON_DELAY_MS - 1);
  const b = learn('b');
  assert.deepEqual(sent, []);
  t.mock.timers.tick(1);
  assert.deepEqual(sent, [[a, b]]);
  t.mock.timers.tick(10 * LESSON_DELAY_MS);
  assert.equal(sent.length, 1);
  const c = learn('c');
  sender.flush();
  assert.deepEqual(sent, [[a, b], [c]]);
  t.mock.timers.tick(LESSON_DELAY_MS);
  sender.flush();
  assert.equal(sent.length, 2);
});
