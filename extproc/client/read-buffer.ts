// The one buffer into which every client connection of the process reads. A read is handled to its end before the
// next one begins, so connections can share it; whoever keeps bytes copies them. This saves an allocation and a copy
// of each read, against the runtime's way of a fresh buffer a time.
import { READ_BYTES } from './limits.ts';

export const readBuffer: Buffer = Buffer.allocUnsafeSlow(READ_BYTES);
