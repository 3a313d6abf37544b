import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveHub } from './hub.ts';
import type { PodEntry, LiveSample, SampleSink, SampleSource } from './sample.ts';
import type { LiveState } from './state.ts';

/** A source whose samples the test gives by hand. */
class HandSource implements SampleSource {
  sinks: SampleSink[] = [];
  opened = 0;
  open(sink: SampleSink): () => void {
    this.opened++;
    this.sinks = [sink];
    return () => {
      this.sinks = [];
    };
  }
  sample(pod: string, atMs: number): void {
    for (const sink of this.sinks) sink.sample(pod, sampleAt(atMs));
  }
}

function sampleAt(atMs: number): LiveSample {
  return {
    shape: { namespace: 'demo', deployment: 'iris', predictors: [] },
    reading: {
      atMs,
      wallMs: atMs,
      inFlight: 1,
      active: new Map(),
      servers: new Map(),
      units: new Map(),
    },
    requests: [],
  };
}

const live = (name: string): PodEntry => ({ name, predictor: 'p', state: 'live', why: '' });

test('a state goes out when every pod has told something new', (t) => {
  const source = new HandSource();
  const hub = new LiveHub(source);
  const states: LiveState[] = [];
  t.after(hub.watch((state) => states.push(state)));
  source.sinks[0]?.situation([live('one'), live('two')], []);
  source.sample('one', 0);
  assert.equal(states.length, 0, 'two has told nothing');
  source.sample('two', 0);
  assert.deepEqual(
    states.map(({ pods }) => pods.map(({ state }) => state)),
    [['connecting', 'connecting']],
    'without a second reading there is no rate',
  );
  source.sample('one', 1000);
  assert.equal(states.length, 1, 'two has told nothing new');
  source.sample('two', 1000);
  assert.equal(states.at(-1)?.inFlight, 2);
  source.sinks[0]?.situation([live('one')], []);
  source.sample('two', 2000);
  source.sample('one', 2000);
  assert.equal(states.at(-1)?.inFlight, 1, 'a pod that is gone counts no more');
});

test('the source is open while somebody watches, once for all', () => {
  const source = new HandSource();
  const hub = new LiveHub(source);
  const leaves = [hub.watch(() => {}), hub.watch(() => {})];
  assert.equal(source.opened, 1);
  for (const leave of leaves) leave();
  assert.deepEqual(source.sinks, []);
  const again = hub.watch(() => {});
  assert.equal(source.opened, 2);
  again();
});

test('where nothing is told the reason is, in time', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const source = new HandSource();
  const hub = new LiveHub(source, { namespace: 'demo', deployment: 'iris' });
  const states: LiveState[] = [];
  t.after(hub.watch((state) => states.push(state)));
  t.mock.timers.tick(2000);
  assert.equal(states.length, 0, 'nothing is known yet');
  const note = { code: 'X', message: 'why', advice: 'what to do' };
  source.sinks[0]?.situation([], [note]);
  t.mock.timers.tick(2000);
  assert.deepEqual(states.at(-1)?.notes, [note]);
  assert.equal(states.at(-1)?.deployment, 'iris');
});
