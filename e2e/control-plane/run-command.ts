// Runs the command line in the process of a test, and hands over what it says.
import { main } from '../../cli/main.ts';
import type { Io } from '../../lib/runtime/io.ts';

export interface CommandOutput {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function sidegraph(...argv: string[]): Promise<CommandOutput> {
  let out = '';
  let err = '';
  const io: Io = {
    out: (text) => (out += text),
    err: (text) => (err += text),
    env: {},
    outIsTty: false,
    errIsTty: false,
  };
  const code = await main(argv, io);
  return { code, out, err };
}
