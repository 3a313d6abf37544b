// `sidegraph explain FILE`: the plan of a deployment in words, as a drawing or as JSON. Nothing is started, so a unit
// without an address is no obstacle where the compiler needs none.
import { compileDeployment } from '../../../graph/compile/compile-deployment.ts';
import { explainPlan } from '../../../graph/explain/explain-plan.ts';
import { joinFailures } from '../../../lib/runtime/failure.ts';
import { readSource } from '../../manifests/files.ts';
import type { Io } from '../../../lib/runtime/io.ts';
import type { ExplainOptions } from './parse.ts';
import { createPaint } from '../../../lib/runtime/paint.ts';
import { selectDeployment } from '../select.ts';
import { addressesOf } from '../../units/url.ts';

export function explain(options: ExplainOptions, io: Io): number {
  const { source, text } = readSource(options.file);
  const paint = createPaint({ isTTY: io.errIsTty }, io.env);
  const { deployment, strays } = selectDeployment(text, source, options, paint);
  const failure = joinFailures(strays);
  if (failure !== undefined) throw failure;
  const addresses = addressesOf(options.units);
  const plan = compileDeployment(deployment, { addresses, env: io.env });
  const explained = explainPlan(plan, options.output);
  io.out(explained.endsWith('\n') ? explained : `${explained}\n`);
  return 0;
}
