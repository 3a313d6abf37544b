// Where a command writes and what it sees of the process around it; tests hand in their own.
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly env: NodeJS.ProcessEnv;
  readonly outIsTty: boolean;
  readonly errIsTty: boolean;
}

export function processIo(): Io {
  // A reader that went away (`| head`) is no error of ours.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    env: process.env,
    outIsTty: process.stdout.isTTY === true,
    errIsTty: process.stderr.isTTY === true,
  };
}
