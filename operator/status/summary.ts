// The few words that fit into a column of `kubectl get`.

const MAX_LENGTH = 80;

export interface Told {
  readonly text: string;
  /** The same without where and of what it is said: that is in the conditions. */
  readonly reason?: string | undefined;
}

/** The first line, cut where a word ends; where there is no room for all of it, the reason alone. */
export function shortenMessage({ text, reason = text }: Told): string {
  const [line = ''] = (text.length <= MAX_LENGTH ? text : reason).split('\n', 1);
  if (line.length <= MAX_LENGTH) return line;
  const cut = line.slice(0, MAX_LENGTH - 1);
  const space = cut.lastIndexOf(' ');
  return `${space > MAX_LENGTH / 2 ? cut.slice(0, space) : cut}…`;
}
