// SIMPLE_ROUTER: always the first child.
import type { OpenPolicy } from './policy.ts';

export const openSimpleRouter: OpenPolicy = () => ({ choose: () => 0 });
