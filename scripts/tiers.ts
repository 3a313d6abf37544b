// Which tests need what. The name of a tier goes in, the paths of its test files come out, one a line; with --highest paths go in and
// their highest tier comes out. `unit` needs Node alone, `envoy` an Envoy too, `models` the Python model servers of the examples,
// `cluster` a real Kubernetes (scripts/e2e.sh). The rule is what a test can reach by its imports, so nobody keeps a list: a test
// that imports the file that looks for an Envoy is no unit test. What a module would import only when it is called (the commands of
// the CLI) counts where a process is started, which may call anything, and not where the module is loaded.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const TIERS = ['unit', 'envoy', 'models', 'cluster'] as const;
export type Tier = (typeof TIERS)[number];

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Folders without tests of ours, or whose tests run by themselves. */
const SKIPPED = /^(\.|node_modules$|docs$|images$|charts$)/;

const CLUSTER = /^(e2e\/(control-plane|cluster)|(e2e|bench)\/scale)\//;
/** Tests of the whole product. */
const PRODUCT = /^e2e\/(data-plane|conformance|kafka)\//;
/** What needs the models' Python: all examples and whoever runs one, and what compares with numpy. */
const MODELS = /^examples\/|\/testing\/numpy\.ts$/;
/** What looks for an Envoy in order to start it. */
const ENVOY = /^envoy\/([^/]+\/)*locate\.ts$|\/testing\/([\w-]+-)?envoy\.ts$/;

/** Each form by its group: what is loaded, what may be loaded later, what is started. */
const IMPORT =
  /^(?:import|export)\s+(?!type\s)(?:[^'";]*?\sfrom\s+)?'(?<load>\.[^']+)'|\bimport\('(?<later>\.[^']+)'\)|\bnew URL\('(?<start>[^':]+\.ts)', import\.meta\.url\)/gm;

/** Every test file of the tree, from its root, with slashes. */
export function listTests(): string[] {
  return readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !SKIPPED.test(entry.name))
    .flatMap((entry) =>
      readdirSync(join(ROOT, entry.name), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.test.ts') && !name.includes('node_modules'))
        .map((name) => `${entry.name}/${name}`),
    )
    .sort();
}

export function tierOf(test: string): Tier {
  if (CLUSTER.test(test)) return 'cluster';
  const reached = reach(test);
  if (reached.some((path) => MODELS.test(path))) return 'models';
  const needsEnvoy = PRODUCT.test(test) || reached.some((path) => ENVOY.test(path));
  return needsEnvoy ? 'envoy' : 'unit';
}

interface Import {
  readonly path: string;
  readonly kind: 'load' | 'later' | 'start';
}

const importsOf = new Map<string, readonly Import[]>();

/** The file itself and everything of ours that is loaded with it, or that it starts by `new URL('./x.ts', …)`. */
function reach(test: string): string[] {
  const loaded = new Set<string>([test]);
  const started = new Set<string>();
  for (const path of loaded)
    for (const next of readImports(path)) {
      if (next.kind === 'start') started.add(next.path);
      // What the test itself imports later is what it is about.
      else if (next.kind === 'load' || path === test) loaded.add(next.path);
    }
  for (const path of started) for (const next of readImports(path)) started.add(next.path);
  return [...loaded, ...started];
}

function readImports(path: string): readonly Import[] {
  let found = importsOf.get(path);
  if (found === undefined) {
    const text = existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), 'utf8') : '';
    found = [...text.matchAll(IMPORT)].flatMap(({ groups = {} }) =>
      (['load', 'later', 'start'] as const).flatMap((kind) => {
        const written = groups[kind];
        return written === undefined
          ? []
          : [{ kind, path: relative(ROOT, resolve(ROOT, dirname(path), written)) }];
      }),
    );
    importsOf.set(path, found);
  }
  return found;
}

if (import.meta.main) {
  const wanted = process.argv.slice(2);
  if (wanted[0] === '--highest') {
    const tiers = new Set(wanted.slice(1).map(tierOf));
    console.log(TIERS.findLast((tier) => tiers.has(tier)) ?? 'unit');
    process.exit();
  }
  const unknown = wanted.filter((name) => !TIERS.some((tier) => tier === name));
  if (wanted.length === 0 || unknown.length > 0) {
    console.error(`usage: tiers.ts ${TIERS.join('|')} …`);
    process.exit(2);
  }
  for (const test of listTests()) if (wanted.includes(tierOf(test))) console.log(test);
}
