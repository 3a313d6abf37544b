// Whether every container has an image, which Kubernetes asks for. A prepackaged server brings its own.
import { findAddress } from '../plan/deployment.ts';
import type { Addresses } from '../plan/deployment.ts';
import type { FindingSink } from '../manifest/finding.ts';
import { parseServer } from '../built-ins/table.ts';
import { listWrittenUnits } from './written.ts';
import type { PortedPredictor } from './written.ts';

/** `required`: by whoever makes pods. `command`: one with a command is run here, and told. `any`: nobody makes pods. */
export type Images = 'required' | 'command' | 'any';

export function checkImages(
  predictor: PortedPredictor,
  { images, addresses }: { readonly images: Images; readonly addresses: Addresses | undefined },
  sink: FindingSink,
): void {
  if (images === 'any') return;
  const servers = new Set(
    listWrittenUnits(predictor.graph)
      .filter((unit) => parseServer(unit.implementation) !== undefined)
      .map(({ name }) => name),
  );
  for (const { container } of predictor.ported) {
    const { name, path, image, command } = container;
    if (image !== '' || name === '' || servers.has(name)) continue;
    if (findAddress(addresses, predictor.name, name) !== undefined) continue;
    const isLocal = images === 'command' && command.length > 0;
    const code = isLocal ? 'IMAGE_LOCAL' : 'IMAGE_MISSING';
    if (!sink.hasErrorsAt(`${path}.image`))
      sink.add(code, path, `the container ${name} has no image`);
  }
}
