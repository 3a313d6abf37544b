// stub
import type { Io } from '../io.ts';
import type { InjectOptions } from './options.ts';
export async function inject(_: InjectOptions, _io: Io): Promise<number> {
  return 0;
}
