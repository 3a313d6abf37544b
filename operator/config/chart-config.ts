// Reads what the chart wrote for the operator and the webhooks: a folder with the keys of the ConfigMap `seldon-config`.
// `sidegraph.json` holds fields of OperatorConfig, `predictor_servers` Seldon's own text. What is missing keeps its default; a
// field that nobody knows or that has another type is refused, so that a misspelt value never passes for its default.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isPlainObject } from '../../graph/plan/json-value.ts';
import { DEFAULT_CONFIG } from './workload-config.ts';
import type { OperatorConfig } from './workload-config.ts';
import { parseServers } from './servers.ts';
import { describeThrown } from '../../lib/runtime/thrown.ts';

export interface ChartConfig extends OperatorConfig {
  /** Of `seldon.io/controller-id`: objects that name another are left alone. */
  readonly controllerId: string;
}

export type ReadConfig =
  | { readonly kind: 'config'; readonly config: ChartConfig }
  | { readonly kind: 'wrong'; readonly reason: string };

const DEFAULTS: ChartConfig = { ...DEFAULT_CONFIG, controllerId: '' };
/** Kubernetes objects as they are: any fields. */
const FREE_FORM = new Set(['storageInitializerResources']);
/** Numbers that may be null. */
const NULLABLE = new Set(['defaultUserId', 'sidecar.userId']);

export function readChartConfig(folder: string): ReadConfig {
  try {
    return parseChartConfig({
      settings: readFileSync(join(folder, 'sidegraph.json'), 'utf8'),
      servers: readFileSync(join(folder, 'predictor_servers'), 'utf8'),
    });
  } catch (error) {
    return { kind: 'wrong', reason: describeThrown(error) };
  }
}

export function parseChartConfig(texts: {
  readonly settings: string;
  readonly servers: string;
}): ReadConfig {
  let written: unknown;
  try {
    written = JSON.parse(texts.settings);
  } catch {
    return { kind: 'wrong', reason: 'sidegraph.json is not JSON' };
  }
  const wrong: string[] = [];
  const { predictorServers: _, ...base } = DEFAULTS;
  const merged = merge(base, written, '', wrong);
  const parsed = parseServers(texts.servers);
  if (parsed.kind === 'wrong') wrong.push(parsed.reason);
  if (wrong.length > 0 || parsed.kind === 'wrong')
    return { kind: 'wrong', reason: wrong.join('; ') };
  return { kind: 'config', config: { ...merged, predictorServers: parsed.servers } };
}

/** The defaults with what is written over them; the defaults' own types are the schema. */
function merge<T extends object>(base: T, written: unknown, path: string, wrong: string[]): T {
  if (!isPlainObject(written)) {
    wrong.push(`sidegraph.json: ${path || 'it'} is no object`);
    return base;
  }
  const merged: Record<string, unknown> = Object.fromEntries(Object.entries(base));
  for (const [name, value] of Object.entries(written)) {
    const at = path === '' ? name : `${path}.${name}`;
    const known: unknown = merged[name];
    if (!Object.hasOwn(base, name)) wrong.push(`sidegraph.json: ${at} is unknown`);
    else if (isPlainObject(known) && !FREE_FORM.has(at))
      merged[name] = merge(known, value, at, wrong);
    else if (typeof value === typeof known && value !== null) merged[name] = value;
    else if (NULLABLE.has(at) && (value === null || typeof value === 'number'))
      merged[name] = value;
    else wrong.push(`sidegraph.json: ${at} is ${JSON.stringify(value)}, not a ${typeof known}`);
  }
  // Every field has passed by the type of its default.
  return merged as T;
}
