// How predictors share the traffic: shares, and the one shadow.
import type { FindingSink } from '../manifest/finding.ts';
import type { WrittenDeployment } from './written.ts';

export function checkTraffic({ path, predictors }: WrittenDeployment, sink: FindingSink): void {
  const shadows = predictors.filter((predictor) => predictor.shadow);
  const live = predictors.filter((predictor) => !predictor.shadow);
  const [first] = predictors;
  if (first === undefined) return;
  for (const { traffic, name, ...own } of predictors) {
    if (traffic !== undefined && (traffic < 0 || traffic > 100))
      sink.add('TRAFFIC_RANGE', `${own.path}.traffic`, `the traffic of ${name} is ${traffic}`);
  }
  // Where a share could not be read nothing can be added up.
  const isUnread = predictors.some((own) =>
    ['traffic', 'shadow'].some((field) => sink.hasErrorsAt(`${own.path}.${field}`)),
  );
  if (predictors.length === 1 && first.shadow) {
    sink.add('SHADOW_ALONE', `${first.path}.shadow`, `${first.name} is the only predictor`);
    return;
  }
  for (const shadow of shadows.slice(1))
    sink.add('SHADOW_MULTIPLE', `${shadow.path}.shadow`, `${shadow.name} is one more shadow`);
  if (live.length === 0)
    sink.add('SHADOW_ALONE', `${first.path}.shadow`, 'all predictors are shadows');
  const sum = live.reduce((total, predictor) => total + (predictor.traffic ?? 0), 0);
  if (isUnread) return;
  if (live.length > 1 && sum !== 100) {
    const shares = live.map(({ name, traffic }) => `${name} ${traffic ?? 0}`).join(', ');
    sink.add('TRAFFIC_SUM', `${path}spec.predictors`, `the traffic adds up to ${sum}: ${shares}`);
  }
  if (predictors.length === 1 && sum > 0 && sum < 100)
    sink.add('TRAFFIC_SINGLE', `${first.path}.traffic`, `the only predictor has traffic ${sum}`);
}
