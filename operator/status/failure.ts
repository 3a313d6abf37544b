// A status for a reconcile that the API server refused: what was decided, with its words in the place of Ready.
import { list, text } from '../reconcile/fields.ts';
import type { Fields } from '../reconcile/fields.ts';

export function withFailure(status: Fields, words: string, isTerminal: boolean): Fields {
  const conditions = list(status['conditions']).map((condition) =>
    text(condition['type']) === 'Ready'
      ? {
          ...condition,
          status: 'False',
          reason: isTerminal ? 'Refused' : 'NotApplied',
          message: words,
        }
      : condition,
  );
  return { ...status, state: isTerminal ? 'Failed' : 'Creating', description: words, conditions };
}
