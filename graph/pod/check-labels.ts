// Judges labels and names of annotations as the API server will: of the deployment, its predictors and its pods.
import type { FindingSink } from '../manifest/finding.ts';
import { joinPath } from '../manifest/manifest-lines.ts';
import { shorten } from '../manifest/shorten.ts';
import { addOnce } from './check-fields.ts';

type Texts = Readonly<Record<string, unknown>>;

/** The part of a name after its prefix, and a value that is not empty. */
const WORD = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const MAX_WORD = 63;
const PREFIX = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;
/** What a domain has nowhere inside. */
const EMPTY_PART = /\.\.|\.-|-\./;
const MAX_PREFIX = 253;
const NAME_ADVICE =
  'use up to 63 letters, digits, - _ and . (inside), after a domain and a slash where there is one';

export function checkLabels(labels: Texts, path: string, sink: FindingSink): void {
  for (const [name, value] of Object.entries(labels)) {
    const place = joinPath(path, name);
    if (!isQualified(name))
      addOnce(sink, 'LABEL_INVALID', place, `${shorten(name)} is no name of a label`, NAME_ADVICE);
    else if (typeof value === 'string' && value !== '' && !isWord(value))
      addOnce(
        sink,
        'LABEL_INVALID',
        place,
        `${shorten(value)} is no value of a label`,
        'use up to 63 letters, digits, - _ and . (inside)',
      );
  }
}

/** Their values may be anything; capitals in a domain are let through. */
export function checkAnnotationNames(annotations: Texts, path: string, sink: FindingSink): void {
  for (const name of Object.keys(annotations))
    if (!isQualified(name.toLowerCase()))
      addOnce(
        sink,
        'LABEL_INVALID',
        joinPath(path, name),
        `${shorten(name)} is no name of an annotation`,
        NAME_ADVICE,
      );
}

function isQualified(name: string): boolean {
  const slash = name.indexOf('/');
  if (slash < 0) return isWord(name);
  const prefix = name.slice(0, slash);
  if (prefix.length > MAX_PREFIX || !PREFIX.test(prefix) || EMPTY_PART.test(prefix)) return false;
  return isWord(name.slice(slash + 1));
}

function isWord(text: string): boolean {
  return text.length <= MAX_WORD && WORD.test(text);
}
