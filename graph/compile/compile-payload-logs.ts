// Which payloads of a unit are sent where: its logger and the orchestrator's environment say where, one annotation which share of them, and
// another which fields are left out.
import { annotationsOf, orchestratorEnv, PAYLOAD_LOG_ANNOTATION } from '../seldon/annotations.ts';
import { sinkOf } from '../seldon/payload-log-variables.ts';
import { readRedactions, REDACT_ANNOTATION } from '../seldon/payload-redaction.ts';
import { parsePercent } from '../seldon/tracing.ts';
import type { Deployment, Predictor, Unit } from '../plan/deployment.ts';
import type { PayloadLog } from '../plan/plan.ts';

export function compilePayloadLogs(
  deployment: Deployment,
  predictor: Predictor,
  env: Readonly<Record<string, string | undefined>>,
): (unit: Unit) => PayloadLog | undefined {
  const variables = orchestratorEnv(deployment, predictor, env);
  const annotations = annotationsOf(deployment, predictor);
  const text = annotations[PAYLOAD_LOG_ANNOTATION];
  const { redactions } = readRedactions(annotations[REDACT_ANNOTATION] ?? '');
  const share = (text === undefined ? undefined : parsePercent(text)) ?? 1;
  return ({ name, logger }) => {
    if (logger === undefined || share === 0) return undefined;
    const redact = redactions.flatMap(({ unit, path }) =>
      unit === undefined || unit === name ? [path] : [],
    );
    return {
      url: sinkOf(logger.url, variables),
      request: logger.mode !== 'response',
      response: logger.mode !== 'request',
      share,
      ...(redact.length === 0 ? {} : { redact: [...new Set(redact)] }),
    };
  };
}
