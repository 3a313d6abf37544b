// What a step does, in words; shared by the two drawings of a plan.
import { findPolicy } from '../built-ins/table.ts';
import type { Step } from '../plan/plan.ts';

/** How the children are chosen; '' for a leaf. */
export function describeChoice({ choose, children }: Step): string {
  if (choose === null) return '';
  switch (choose.kind) {
    case 'all':
      return children.length === 1 ? 'the child' : `all ${children.length} children, side by side`;
    case 'route':
      return 'route, the child that it names';
    case 'policy':
      return findPolicy(choose.policy)?.describe(choose.parameters) ?? `as ${choose.policy} says`;
  }
}

/** How one message is made of the children's responses; '' where nothing has to be done. */
export function describeMerge({ merge, choose, children }: Step): string {
  switch (merge) {
    case 'aggregate':
      return 'aggregate';
    case 'average':
      return 'average of the responses';
    case 'first':
      return choose?.kind === 'all' && children.length > 1 ? 'the first response' : '';
  }
}
