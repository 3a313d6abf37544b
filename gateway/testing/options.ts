// The options that a gateway has for a command line, for tests that change a few of them.
import { type GatewayOptions, parseGatewayCommand } from '../process/options.ts';

/** Throws for a command line that does not serve. */
export function gatewayOptions(args: readonly string[] = []): GatewayOptions {
  const line = parseGatewayCommand(args, {});
  if (line.kind !== 'options' || line.options.kind !== 'serve')
    throw new Error(`not to be served: ${JSON.stringify(line)}`);
  return line.options.options;
}
