import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenQuestions } from './open-questions.ts';

test('each question gets one answer: its own, that of the end, or none in time', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const questions = new OpenQuestions(100, 'none');
  const answers: string[] = [];
  const add = (name: string) => questions.add((answer) => answers.push(`${name}: ${answer}`));
  const [one, two] = [add('one'), add('two')];
  assert.equal(questions.answer(two, 'yes'), true);
  assert.equal(questions.answer(two, 'no'), false);
  context.mock.timers.tick(99);
  assert.deepEqual(answers, ['two: yes']);
  context.mock.timers.tick(1);
  assert.deepEqual(answers, ['two: yes', 'one: none']);
  assert.equal(questions.answer(one, 'late'), false);
  const dropped = add('dropped');
  add('last');
  questions.drop(dropped);
  questions.end('gone');
  context.mock.timers.tick(1000);
  assert.deepEqual(answers.slice(2), ['last: gone']);
});
