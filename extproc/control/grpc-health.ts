// grpc.health.v1: SERVING when every unit of the current deployment accepts connections. A watch is told of changes.
import type { sendUnaryData, ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import { status as grpcStatus } from '@grpc/grpc-js';
import { type LiveDeployment, servingPlans } from '../contract/live-deployment.ts';
import { askSilentUnits } from './answer-ready.ts';

type ServingStatus = 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';
interface HealthRequest {
  readonly service?: string;
}
interface HealthResponse {
  readonly status: ServingStatus;
}
type Watch = ServerWritableStream<HealthRequest, HealthResponse>;

const WATCH_INTERVAL_MS = 2000;

export function healthHandlers(live: LiveDeployment, services: readonly string[]) {
  /** '' asks for the whole server. */
  const known = new Set(['', ...services]);
  const watches = new Set<Watch>();

  const check = async (): Promise<ServingStatus> => {
    const plans = servingPlans(live);
    if (plans.length === 0) return 'NOT_SERVING';
    return (await askSilentUnits(plans)).length === 0 ? 'SERVING' : 'NOT_SERVING';
  };

  const handlers = {
    Check(
      call: ServerUnaryCall<HealthRequest, HealthResponse>,
      answer: sendUnaryData<HealthResponse>,
    ): void {
      const service = call.request.service ?? '';
      if (!known.has(service)) {
        answer({ code: grpcStatus.NOT_FOUND, details: `unknown service ${service}` });
        return;
      }
      check().then(
        (status) => answer(null, { status }),
        (error: unknown) => answer({ code: grpcStatus.INTERNAL, details: String(error) }),
      );
    },
    Watch(call: Watch): void {
      watches.add(call);
      const isKnown = known.has(call.request.service ?? '');
      let last: ServingStatus | undefined;
      const tell = (status: ServingStatus): void => {
        if (status === last || !watches.has(call)) return;
        last = status;
        call.write({ status });
      };
      const look = (): void => {
        if (!isKnown) tell('SERVICE_UNKNOWN');
        else check().then(tell, () => tell('NOT_SERVING'));
      };
      look();
      const timer = setInterval(look, WATCH_INTERVAL_MS);
      const end = (): void => {
        clearInterval(timer);
        watches.delete(call);
      };
      call.on('cancelled', end);
      call.on('close', end);
    },
  };

  /** Ends the watches: they would keep the server open for ever. */
  const close = (): void => {
    for (const call of watches) call.end();
    watches.clear();
  };
  return { handlers, close };
}
