// The units that `run` started, by `predictor/unit`: starts what a reading of the file asks for, leaves alone what has
// not changed, ends what is asked for no more.
import type { Address, ContainerPorts } from '../../graph/plan/deployment.ts';
import type { TextLog } from '../../sidecar/supervisor/log.ts';
import { unitPrefix } from '../../lib/runtime/paint.ts';
import type { Watchdog } from '../../sidecar/supervisor/watchdog.ts';
import type { ResolvedUnit } from './resolve.ts';
import { LocalUnit, type UnitProcessSpec } from './unit.ts';

export interface FleetOptions {
  readonly log: TextLog;
  readonly watchdog: Watchdog;
  readonly write: (line: string) => void;
  readonly colour: boolean;
  readonly readyLimitMs: number;
}

const STOP_LIMIT_MS = 5_000;

interface Member {
  readonly unit: LocalUnit;
  readonly address: Address;
}

export class Fleet {
  readonly #options: FleetOptions;
  #members = new Map<string, Member>();
  #colours = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** Ports of the units that were started, for a new reading of the file. */
  ports(): ReadonlyMap<string, ContainerPorts> {
    return new Map(
      [...this.#members].map(([key, { address, unit }]) => [
        key,
        { http: address.httpPort, grpc: address.grpcPort, metrics: unit.spec.metricsPort },
      ]),
    );
  }

  pids(): ReadonlyMap<string, number | undefined> {
    return new Map([...this.#members].map(([key, member]) => [key, member.unit.pid]));
  }

  /** Which of the units would be started by `start`; the others run already, as they are asked for. */
  listNew(units: readonly ResolvedUnit[]): ResolvedUnit[] {
    return units.filter((unit) => unit.spec !== undefined && !this.#runs(keyOf(unit), unit.spec));
  }

  /**
   * Starts what is new or changed and waits until it answers. A changed unit that keeps a port is ended first, since two
   * processes cannot listen on it; any other is ended by `retire`, when nothing asks it any more.
   */
  async start(units: readonly ResolvedUnit[], signal: AbortSignal): Promise<() => Promise<void>> {
    const width = Math.max(
      ...units.map((unit) => (unit.spec?.name ?? unit.name).length),
      'filter'.length,
    );
    const before = this.#members;
    /** Ended already, to free a port. */
    const ended = new Map<string, Member>();
    const next = new Map<string, Member>();
    const started: LocalUnit[] = [];
    for (const unit of units) {
      const key = keyOf(unit);
      const member = this.#members.get(key);
      if (unit.spec === undefined) continue;
      if (member !== undefined && this.#runs(key, unit.spec)) {
        next.set(key, member);
        continue;
      }
      if (member !== undefined && sharesPort(member.address, unit.address)) {
        await member.unit.stop(STOP_LIMIT_MS);
        ended.set(key, member);
      }
      const local = this.#create(unit.spec, width);
      next.set(key, { unit: local, address: unit.address });
      started.push(local);
    }
    this.#members = next;
    for (const local of started) local.start();
    try {
      await Promise.all(
        started.map((local) => local.waitUntilReady(this.#options.readyLimitMs, signal)),
      );
    } catch (thrown) {
      await Promise.all(started.map((local) => local.stop(STOP_LIMIT_MS)));
      this.#members = this.#restore(before, ended, width);
      throw thrown;
    }
    const old = [...before].filter(([key, member]) => next.get(key) !== member && !ended.has(key));
    return async () => {
      await Promise.all(old.map(([, member]) => member.unit.stop(STOP_LIMIT_MS)));
    };
  }

  /** The members of before; those that were ended for their ports are started once more. */
  #restore(
    before: Map<string, Member>,
    ended: ReadonlyMap<string, Member>,
    width: number,
  ): Map<string, Member> {
    for (const [key, member] of ended) {
      const again = this.#create(member.unit.spec, width);
      before.set(key, { unit: again, address: member.address });
      again.start();
    }
    return before;
  }

  #create(spec: UnitProcessSpec, width: number): LocalUnit {
    return new LocalUnit(spec, {
      log: this.#options.log,
      watchdog: this.#options.watchdog,
      write: this.#options.write,
      prefix: unitPrefix(spec.name, this.#colours++, width, this.#options.colour),
    });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#members.values()].map(({ unit }) => unit.stop(STOP_LIMIT_MS)));
  }

  kill(): void {
    for (const { unit } of this.#members.values()) unit.kill();
  }

  #runs(key: string, spec: UnitProcessSpec): boolean {
    const member = this.#members.get(key);
    return member !== undefined && JSON.stringify(member.unit.spec) === JSON.stringify(spec);
  }
}

function keyOf(unit: ResolvedUnit): string {
  return `${unit.predictor}/${unit.name}`;
}

function sharesPort(a: Address, b: Address): boolean {
  const ports = new Set([a.httpPort, a.grpcPort]);
  return ports.has(b.httpPort) || ports.has(b.grpcPort);
}
