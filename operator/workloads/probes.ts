// The probes of a unit's container. Seldon waits 20 s before it asks for the first time; a startup probe asks every second
// instead, so that a pod serves as soon as it can, and the liveness probe waits for it.
import { dialectOf } from '../../dialects/known/dialects.ts';
import type { Unit } from '../../graph/plan/deployment.ts';
import type { JsonObject } from '../../graph/plan/json-value.ts';
import { isPlainObject } from '../../graph/plan/json-value.ts';
import type { UnitContainer } from './unit-container.ts';

/** How long a model may take to load before its container is started anew, s. */
const START_SECONDS = 1800;
/** Seldon's own delay, where there is no startup probe to wait for, s. */
const LIVENESS_DELAY_SECONDS = 60;

const TIMES = { periodSeconds: 5, failureThreshold: 3, successThreshold: 1, timeoutSeconds: 1 };

/** Probes that the user wrote are kept, and then no startup probe is added beside them. */
export function renderProbes({ deployment, placed, raw }: UnitContainer, unit: Unit): JsonObject {
  const grpc = unit.endpoint?.type === 'GRPC' || deployment.transport === 'grpc';
  const { ports } = placed.container;
  const port = grpc ? ports.grpc : ports.http;
  const probe = unit.server === undefined ? undefined : dialectOf(unit.protocol).probe;
  const ask = (path: string): JsonObject => ({
    httpGet: { path, port: ports.http, scheme: 'HTTP' },
  });
  const live = probe === undefined ? { tcpSocket: { port } } : ask(probe.live);
  const ready = probe === undefined ? { tcpSocket: { port } } : ask(probe.ready);
  const own = (name: string): boolean => isPlainObject(raw[name]);
  const starts = !own('livenessProbe') && !own('readinessProbe') && !own('startupProbe');
  const delay =
    starts || own('startupProbe') ? {} : { initialDelaySeconds: LIVENESS_DELAY_SECONDS };
  return {
    ...(starts
      ? {
          startupProbe: {
            ...live,
            periodSeconds: 1,
            failureThreshold: START_SECONDS,
            timeoutSeconds: 1,
          },
        }
      : {}),
    ...(own('livenessProbe') ? {} : { livenessProbe: { ...live, ...delay, ...TIMES } }),
    ...(own('readinessProbe') ? {} : { readinessProbe: { ...ready, ...TIMES } }),
  };
}
