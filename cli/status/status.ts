// stub
import type { Io } from '../io.ts';
import type { StatusOptions } from './options.ts';
export async function status(_: StatusOptions, _io: Io): Promise<number> {
  return 0;
}
