// The files that the gateway's Envoy starts with. A file that holds the same already is left alone.
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { EnvoyJson } from '../../envoy/kit/json.ts';
import {
  type GatewayLayout,
  renderGatewayBootstrap,
  renderTlsSecrets,
} from '../config/bootstrap.ts';

export async function writeEnvoyFiles(bootstrapPath: string, layout: GatewayLayout): Promise<void> {
  if (layout.tls !== undefined)
    await writeJson(layout.tls.secretsPath, renderTlsSecrets(layout.tls.dir));
  await writeJson(bootstrapPath, renderGatewayBootstrap(layout));
}

async function writeJson(path: string, value: EnvoyJson): Promise<void> {
  const text = `${JSON.stringify(value, null, 1)}\n`;
  if ((await readFile(path, 'utf8').catch(() => '')) === text) return;
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}
