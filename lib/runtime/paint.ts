// Colour for people at a terminal, and only for them: a pipe, a file or NO_COLOR gets plain text.

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Colour = keyof typeof CODES;

/** Colours that tell the units' output apart, taken in turn. */
export const UNIT_COLOURS = [36, 35, 34, 33, 32, 96, 95, 94] as const;

export interface Paint {
  (colour: Colour, text: string): string;
}

export function createPaint(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  const on = wantsColour(stream, env);
  return (colour, text) => (on ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text);
}

export function wantsColour(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}

/** The prefix of one unit's output lines: its name, padded so that the lines are under each other. */
export function unitPrefix(name: string, position: number, width: number, colour: boolean): string {
  const text = `${name.padEnd(width)} | `;
  if (!colour) return text;
  return `\u001b[${UNIT_COLOURS[position % UNIT_COLOURS.length] ?? 36}m${text}\u001b[0m`;
}
