// `sidegraph sidecar --drain`: what a pod's preStop hook runs. The hook lasts as long as this does, and with it the pod.
import { askDrain } from './control.ts';
import { agentControlSocket } from './places.ts';

export async function drainSidecar(run: string): Promise<number> {
  await askDrain(agentControlSocket(run));
  return 0;
}
