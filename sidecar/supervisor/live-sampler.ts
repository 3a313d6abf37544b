// The samples of a data plane: what `run` shows on its page, and what the agent in a pod tells on its loopback port.
import { addInFlight } from '../live/in-flight.ts';
import { type CaptureHook, LiveSampler } from '../live/sampler.ts';
import { readInFlight } from './admin.ts';
import type { DataPlane } from './data-plane.ts';
import type { TextLog } from './log.ts';

/** `logPath`: the live log of the data plane's layout. `captures`: where payloads may be captured. */
export function samplerOf(
  dataPlane: DataPlane,
  logPath: string,
  log: TextLog,
  captures?: CaptureHook,
): LiveSampler {
  const { adminSocket } = dataPlane.layout;
  return new LiveSampler({
    plan: () => dataPlane.plan,
    metrics: () => dataPlane.metrics(),
    askWalks: () => dataPlane.askWalks(captures?.wantsPayloads),
    inFlight: async () => {
      const [ofEnvoy, ofFilter] = await Promise.all([
        readInFlight(adminSocket),
        dataPlane.activeCalls(),
      ]);
      return addInFlight(dataPlane.plan, ofFilter, ofEnvoy);
    },
    adminSocket,
    logPath,
    warn: (text) => log.warn(text),
    ...(captures === undefined ? {} : { captures }),
  });
}
