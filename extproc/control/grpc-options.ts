// What the gRPC services beside predictions are opened with.
import type { LiveDeployment } from '../contract/live-deployment.ts';
import type { Log } from '../../lib/runtime/log.ts';

export interface ControlGrpcOptions {
  readonly live: LiveDeployment;
  readonly log: Log;
}
