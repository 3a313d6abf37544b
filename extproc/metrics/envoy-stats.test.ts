import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEnvoySeries } from './envoy-stats.ts';

/** A histogram of one request, as Envoy 1.40 writes it. */
function counted(side: 'server' | 'client', code: string): string {
  const route = String.raw`route="[\"d\",\"p\",\"\",\"predictions\",\"post\"]"`;
  const unit = String.raw`unit="[\"m\",\"\",\"\"]",path="/predict"`;
  const labels = [route, ...(side === 'client' ? [unit] : []), `code="${code}"`].join();
  return `envoy_sidegraph_${side}_requests_us_bucket{${labels},le="+Inf"} 1\n`;
}

test('what got no response has a code all the same, over REST and gRPC', () => {
  for (const [side, said, code] of [
    ['server', '0', '499'],
    ['server', '', 'Canceled'],
    ['server', '-', 'Canceled'],
    ['client', '0 UC', '500'],
    ['client', '0 UT', '500'],
    ['client', ' UC', 'Unavailable'],
    ['client', ' UT', 'DeadlineExceeded'],
    ['client', '- URX,UT', 'DeadlineExceeded'],
    ['client', '- UPE', 'Unavailable'],
    ['client', '0 -', '499'],
    ['client', ' -', 'Canceled'],
    ['client', '- -', 'Canceled'],
    ['server', '200', '200'],
    ['client', '200 -', '200'],
    ['client', '200 UPE', '200'],
    ['client', 'InvalidArgument -', 'InvalidArgument'],
  ] as const) {
    const [series] = parseEnvoySeries(counted(side, said));
    assert.equal(series?.labels['code'], code, `${side} ${said}`);
  }
});
