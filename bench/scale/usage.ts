// Memory and processor time of a running process, read from the kernel, now and over time.
import { readFileSync } from 'node:fs';

/** Of /proc/PID/stat on Linux. */
const TICKS_PER_SECOND = 100;
const EVERY_MS = 500;

export interface Usage {
  readonly rssMb: number;
  /** User and system, since its start. */
  readonly cpuSeconds: number;
}

export interface Sample extends Usage {
  /** Since the sampler's start, s. */
  readonly at: number;
}

export function readUsage(pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program, in brackets, may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    rssMb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
  };
}

export class Sampler {
  readonly samples: Sample[] = [];
  readonly #pid: number;
  readonly #beganMs = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.#take(), EVERY_MS);
    this.#take();
  }

  get peakMb(): number {
    return Math.max(...this.samples.map(({ rssMb }) => rssMb));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #take(): void {
    try {
      const at = (performance.now() - this.#beganMs) / 1000;
      this.samples.push({ at, ...readUsage(this.#pid) });
    } catch {
      // It ended.
      this.stop();
    }
  }
}
