// A certificate in a folder as a Secret is mounted.
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** As the kubelet does it: the files are links into `..data`, itself a link that is replaced at once. */
export async function mountCertificate(dir: string, name: string, version: number): Promise<void> {
  const made = await generate([{ name: 'commonName', value: name }], { keyType: 'ec' });
  const tls = join(dir, 'tls');
  const data = join(tls, `..${version}`);
  await mkdir(data, { recursive: true });
  await writeFile(join(data, 'tls.crt'), made.cert);
  await writeFile(join(data, 'tls.key'), made.private);
  await symlink(`..${version}`, join(tls, '..data_tmp'));
  await rename(join(tls, '..data_tmp'), join(tls, '..data'));
  if (version > 1) return;
  for (const file of ['tls.crt', 'tls.key']) await symlink(`..data/${file}`, join(tls, file));
}
