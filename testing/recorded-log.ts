// A log that keeps what it is told, for tests that hold what is said.
import type { Log, LogFields } from '../lib/runtime/log.ts';

export interface Entry {
  readonly level: keyof Log;
  readonly fields: LogFields;
  readonly message: string;
}

export class RecordedLog implements Log {
  readonly entries: Entry[] = [];

  debug(fields: LogFields, message: string): void {
    this.entries.push({ level: 'debug', fields, message });
  }

  info(fields: LogFields, message: string): void {
    this.entries.push({ level: 'info', fields, message });
  }

  warn(fields: LogFields, message: string): void {
    this.entries.push({ level: 'warn', fields, message });
  }

  error(fields: LogFields, message: string): void {
    this.entries.push({ level: 'error', fields, message });
  }

  /** What was said at these levels; warnings and errors where none is named. */
  messages(...levels: readonly (keyof Log)[]): string[] {
    const wanted: readonly string[] = levels.length === 0 ? ['warn', 'error'] : levels;
    return this.entries.filter(({ level }) => wanted.includes(level)).map((each) => each.message);
  }
}
