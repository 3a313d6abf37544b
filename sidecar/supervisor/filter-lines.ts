// The filter's log as people read it. The worker writes one JSON object a line (pino); here it becomes
// `filter | warn: text {"other":"fields"}`. What is no such line passes as it is.

const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/** Gives a function that takes the worker's lines, without their ends. With `json` they pass unchanged. */
export function filterLines(
  json: boolean,
  prefix: string,
  write: (text: string) => void,
): (line: string) => void {
  return (line) => write(json ? `${line}\n` : `${prefix}${formatLine(line)}\n`);
}

export function formatLine(line: string): string {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return line;
  }
  if (typeof entry !== 'object' || entry === null || !('msg' in entry) || !('level' in entry))
    return line;
  const {
    level,
    msg,
    time: _time,
    pid: _pid,
    part: _part,
    hostname: _hostname,
    ...fields
  }: Record<string, unknown> = { ...entry };
  const shown = Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(fields)}`;
  return `${LEVELS[Number(level)] ?? String(level)}: ${String(msg)}${shown}`;
}
