// How Node is started for the operator and for the gateway's agent: the chart writes it into their commands, and the image's compile cache
// is made with it, since that is bound to V8's flags.

import { ONE_HELPER } from '../../lib/runtime/exec-argv.ts';

/** Arguments of Node itself; the import of the compile cache and the script's name follow. */
export const operatorExecArgv: readonly string[] = [
  '--disable-warning=ExperimentalWarning',
  // What the watches bring is garbage at once, and V8's default lets 48 MB of it lie.
  '--max-semi-space-size=4',
  // A heap that grows slowly: at 2,000 deployments V8's usual growth holds twice as much.
  '--heap-growing-percent=25',
  ...ONE_HELPER,
];
