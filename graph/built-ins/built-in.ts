// What a built-in is: an implementation that needs no container. One row says all that the checks, the compiler and the
// drawings know of it; how a policy chooses at run time is in extproc/policies under the same name.
import type { FindingSink } from '../manifest/finding.ts';
import type { Parameter } from '../plan/deployment.ts';
import type { PolicyParameters, Step, UnitType } from '../plan/plan.ts';

/** A unit as its author wrote it, as far as a row looks at it. */
export interface WrittenUse {
  readonly name: string;
  readonly implementation: string | undefined;
  readonly children: readonly unknown[];
  /** Place in the manifest: `spec.predictors[0].graph`. */
  readonly path: string;
  readonly parameters: readonly (Pick<Parameter, 'name' | 'value'> & { readonly path: string })[];
}

export interface BuiltIn {
  readonly name: string;
  /** The type that goes without saying beside it. */
  readonly type: UnitType;
  /** How many children it may have; `most` is Infinity where there is no bound. */
  readonly children: { readonly least: number; readonly most: number };
  /** Seldon's image that does the same in a container: the last part of its name, without a tag. */
  readonly replaces?: string;
  /** Its part of the walk, where that is not a choice: what it does with the message, or with the responses. */
  readonly input?: Step['input'];
  readonly merge?: Step['merge'];
  readonly policy?: BuiltInPolicy;
  /** Adds findings about its parameters. */
  readonly check?: (unit: WrittenUse, sink: FindingSink) => void;
}

/** A built-in that chooses among its children. */
export interface BuiltInPolicy {
  /** What the policy is given at run time, read from the unit's parameters; what is wrong there has been checked. */
  readonly parameters: (written: readonly Pick<Parameter, 'name' | 'value'>[]) => PolicyParameters;
  /**
   * The share of each child, in their order, where nothing but a draw decides: then Envoy can choose alone. Absent where the
   * policy looks at the request or remembers.
   */
  readonly shares?: (parameters: PolicyParameters) => readonly number[];
  /** The filter counts for it what feedback says of each child, and shares that among its processes; absent: it needs none. */
  readonly learns?: true;
  /** The choice in words, for `explain`. */
  readonly describe: (parameters: PolicyParameters) => string;
}
