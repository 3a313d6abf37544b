// The few words that fit into a column of `kubectl get`.

const MAX_LENGTH = 80;

/** The first line, cut where a word ends; of findings the first one, since their first line is a count. */
export function summarize(description: string): string {
  const [first = '', second = ''] = description.split('\n', 2);
  const line = /^\d+ errors?, \d+ warnings?$/.test(first) && second !== '' ? second : first;
  if (line.length <= MAX_LENGTH) return line;
  const cut = line.slice(0, MAX_LENGTH - 1);
  const space = cut.lastIndexOf(' ');
  return `${space > MAX_LENGTH / 2 ? cut.slice(0, space) : cut}…`;
}
