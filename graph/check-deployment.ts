import type { PortedContainer } from './assign-ports.ts';
import type { Addresses } from './deployment.ts';
import type { FindingSink } from './finding.ts';
import type { WrittenDeployment } from './written.ts';
export function checkDeployment(
  _w: WrittenDeployment,
  _p: readonly (readonly PortedContainer[])[],
  _a: Addresses | undefined,
  _s: FindingSink,
): void {}
