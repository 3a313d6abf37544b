// The discovery server that Envoy, in the same pod, subscribes to over a unix socket. It holds the latest snapshot and one
// session for each stream; an Envoy that comes back says which versions it has and is sent the rest.
import { rm } from 'node:fs/promises';
import {
  type ServerDuplexStream,
  Server,
  ServerCredentials,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Log } from '../../lib/runtime/log.ts';
import type { DeploymentPart } from '../config/deployment-part.ts';
import type { Desired } from './desired.ts';
import { type DeltaRequest, type DeltaResponse, DISCOVERY_SERVICE } from './messages.ts';
import { type ResourceRejection, Refusals } from './refusals.ts';
import { Session } from './session.ts';

/** An agent that starts finds clusters in Envoy that a former one may have put there for requests under way. */
const UNKNOWN_HOLD_MS = 300_000;

export interface DiscoveryOptions {
  readonly log: Log;
  /** Envoy runs the routes of this snapshot; called again when clusters that were held are gone. */
  readonly onLive: (desired: Desired) => void;
  readonly onRefused?: (refusal: ResourceRejection) => void;
  /** Envoy refuses these desired resources for these deployments (why, by `namespace/name`), and runs the others. */
  readonly onLeftOut?: (desired: Desired, refused: ReadonlyMap<string, string>) => void;
  readonly unknownHoldMs?: number;
}

export class DiscoveryServer {
  readonly #server = new Server({
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  });
  readonly #sessions = new Set<Session>();
  readonly #refusals: Refusals;
  readonly #options: DiscoveryOptions;
  #desired: Desired | undefined;
  #taken: ReadonlyMap<string, DeploymentPart> = new Map();

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#refusals = new Refusals((refusal) => {
      options.log.error({ ...refusal }, 'Envoy refused a resource');
      options.onRefused?.(refusal);
    });
    const implementation: UntypedServiceImplementation = {
      DeltaAggregatedResources: (call: ServerDuplexStream<DeltaRequest, DeltaResponse>) =>
        this.#serve(call),
    };
    this.#server.addService(DISCOVERY_SERVICE, implementation);
  }

  /** Listens on a unix socket; one that was left behind is replaced. */
  async listen(path: string): Promise<void> {
    await rm(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      );
    });
  }

  publish(desired: Desired): void {
    this.#desired = desired;
    this.#refusals.keepOnly(({ kind, name }) => kind === 'routes' || desired.clusters.has(name));
    for (const session of this.#sessions) session.wake();
  }

  /** What an Envoy took before this process: where it refuses a table, these parts are tried first. */
  assume(parts: ReadonlyMap<string, DeploymentPart>): void {
    this.#taken = parts;
  }

  get refusals(): readonly ResourceRejection[] {
    return this.#refusals.list();
  }

  /** Clusters that stay only for requests under way. */
  get leaving(): ReadonlySet<string> {
    return new Set([...this.#sessions].flatMap((session) => session.leaving));
  }

  get connected(): number {
    return this.#sessions.size;
  }

  close(): void {
    for (const session of this.#sessions) session.close();
    this.#server.forceShutdown();
  }

  #serve(call: ServerDuplexStream<DeltaRequest, DeltaResponse>): void {
    const session = new Session({
      write: (response) => {
        call.write(response);
      },
      desired: () => this.#desired,
      refusals: this.#refusals,
      taken: () => this.#taken,
      onLeftOut: (desired, refused) => this.#options.onLeftOut?.(desired, refused),
      onLive: (desired) => {
        this.#taken = desired.parts;
        this.#options.onLive(desired);
      },
      unknownHoldMs: this.#options.unknownHoldMs ?? UNKNOWN_HOLD_MS,
      now: () => performance.now(),
    });
    this.#sessions.add(session);
    const end = () => {
      session.close();
      this.#sessions.delete(session);
      call.end();
    };
    call.on('data', (request: DeltaRequest) => session.take(request));
    call.on('error', end);
    call.on('end', end);
    call.on('cancelled', end);
    this.#options.log.info({}, 'Envoy subscribed');
    session.run().catch((error: unknown) => {
      this.#options.log.error({ error: String(error) }, 'a discovery session broke');
      end();
    });
  }
}
