// Whose a SeldonDeployment and its objects are: all that is judged of what was observed before anything of the spec is read.
import { sortChildren } from './children.ts';
import type { Children } from './children.ts';
import { readClaim } from './claim.ts';
import type { ControllerClaim } from './claim.ts';
import type { Observed } from './contract.ts';
import { findFormer, hasFormer } from './former.ts';
import type { Former } from './former.ts';
import { decideInjection } from './injection.ts';
import type { Injection } from './injection.ts';

export interface Survey {
  readonly claim: ControllerClaim;
  readonly children: Children;
  readonly former: Former;
  readonly injection: Injection;
}

export function surveyOwners(input: Observed): Survey {
  const { object, config, namespaceAnnotations, nowMs } = input;
  const claim = readClaim(input);
  const children = sortChildren(input);
  const { ours } = children;
  const former = findFormer(ours, config.formerManagers, claim, nowMs);
  const { injectionAnnotation } = config;
  const isFormer = hasFormer(former);
  return {
    claim,
    children,
    former,
    injection: decideInjection(object, ours, namespaceAnnotations, injectionAnnotation, isFormer),
  };
}
