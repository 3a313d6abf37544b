// Payload logs have to have somewhere to go: variables that name a sink and cannot be used, or that are not in the manifest.
import type { FindingSink } from '../manifest/finding.ts';
import { findSinkFaults, SINK_VARIABLES } from './payload-log-variables.ts';
import { listWrittenUnits, type WrittenPredictor } from './written.ts';

export function checkSinkVariables(predictor: WrittenPredictor, sink: FindingSink): void {
  const urls = listWrittenUnits(predictor.graph).flatMap(({ logger }) => logger?.url ?? []);
  if (urls.length === 0) return;
  const place = `${predictor.path}.svcOrchSpec.env`;
  const values: Record<string, string> = {};
  for (const entry of predictor.orchestratorEnv) {
    if (entry.kind === 'value') values[entry.name] = entry.value;
    else if (SINK_VARIABLES.includes(entry.name))
      sink.add(
        'PAYLOAD_LOG_VARIABLE',
        place,
        `${entry.name} has its value from elsewhere, so that nobody knows where payloads go`,
        'write the value; secrets belong in KAFKA_SASL_PASSWORD and KAFKA_SSL_CLIENT_KEY',
      );
  }
  for (const { variable, what, advice } of findSinkFaults(urls, values))
    sink.add('PAYLOAD_LOG_VARIABLE', place, `${variable} ${what}`, advice);
}
