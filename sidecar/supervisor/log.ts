// What `run` tells while it works: one line an event on standard error, so that standard output stays for results.
// With `-o json` the lines are JSON objects.

import { LOG_LEVELS, type LogLevel } from '../../lib/runtime/log.ts';
export interface TextLog {
  debug(text: string): void;
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

export function createLog(level: LogLevel, json: boolean, write: (line: string) => void): TextLog {
  const least = LOG_LEVELS.indexOf(level);
  const say = (at: LogLevel) => (text: string) => {
    if (LOG_LEVELS.indexOf(at) < least) return;
    if (json)
      write(`${JSON.stringify({ time: new Date().toISOString(), level: at, msg: text })}\n`);
    else write(`sidegraph: ${at === 'info' ? '' : `${at}: `}${text}\n`);
  };
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
}

type Say = (fields: object, message: string) => void;

/** The same log for parts that tell fields beside the text, and more than a user wants to see. */
export function fieldLog(log: TextLog): Readonly<Record<LogLevel, Say>> {
  const say =
    (write: (text: string) => void): Say =>
    (fields, message) =>
      write(`${message} ${JSON.stringify(fields, (_, value: unknown) => plain(value))}`);
  return {
    debug: say(log.debug),
    info: say(log.debug),
    warn: say(log.warn),
    error: say(log.error),
  };
}

/** An Error has no fields of its own for JSON. */
function plain(value: unknown): unknown {
  return value instanceof Error ? value.message : value;
}
