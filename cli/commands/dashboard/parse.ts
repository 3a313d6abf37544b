// The command line of `sidegraph dashboard` as data.
import * as flag from '../../../lib/runtime/options.ts';
import { CLUSTER_FLAGS, type ClusterOptions } from '../../cluster/flags.ts';
import { nameOf } from '../../live/flags.ts';

export interface DashboardOptions extends ClusterOptions {
  /** One deployment; undefined for all of the namespace. */
  readonly name: string | undefined;
  /** 0 for any that is free. */
  readonly port: number;
}

const FLAGS = { ...CLUSTER_FLAGS, port: flag.whole(0, flag.MAX_PORT, 9902) };

export function parseDashboard(argv: readonly string[]): flag.CommandLine<DashboardOptions> {
  return flag.readCommandLine(argv, FLAGS, (values, rest, fault) => ({
    ...values,
    name: nameOf(rest, fault),
  }));
}
