// Turns on Node's compile cache before the first TypeScript file is loaded. With a warm cache the process starts several
// times faster and with a third less memory, since nothing has to be stripped of types. JavaScript, because it comes
// before anything that could strip it. A cache that cannot be written is done without.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(
  process.env.NODE_COMPILE_CACHE || fileURLToPath(new URL('../../.cache/compile', import.meta.url)),
);
