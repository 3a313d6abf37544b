// The few words that fit into a column of `kubectl get`.

const MAX_LENGTH = 80;

/** What stands before the reason: a place in the manifest, the object that was made of it, the policy that speaks. */
const PLACE = /^(?:spec|metadata)[^\s:]*: /;
const OBJECT = /^Kubernetes refuses [^:]*: /;
const JUDGE = /^(?:ValidatingAdmissionPolicy|admission webhook) [^:]* denied (?:the )?request: /;

/**
 * The first line, cut where a word ends; of findings the first one, since their first line is a count. A column has room for the
 * reason: where and of what it is said stands in the conditions.
 */
export function summarize(description: string): string {
  const [first = '', second = ''] = description.split('\n', 2);
  const told = /^\d+ errors?, \d+ warnings?$/.test(first) && second !== '' ? second : first;
  const line = told.length <= MAX_LENGTH ? told : withReasonFirst(told);
  if (line.length <= MAX_LENGTH) return line;
  const cut = line.slice(0, MAX_LENGTH - 1);
  const space = cut.lastIndexOf(' ');
  return `${space > MAX_LENGTH / 2 ? cut.slice(0, space) : cut}…`;
}

function withReasonFirst(line: string): string {
  const reason = line.replace(OBJECT, '');
  return reason === line ? line.replace(PLACE, '') : `refused: ${reason.replace(JUDGE, '')}`;
}
