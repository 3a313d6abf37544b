// Which tests need what. The name of a tier goes in, the paths of its test files come out, one a line; with --highest paths go in and
// their highest tier comes out. `unit` needs Node alone, `envoy` an Envoy too, `models` the Python model servers of the examples,
// `cluster` a real Kubernetes (scripts/e2e.sh). The rule is what a test can reach by its imports, so nobody keeps a list: a test
// that imports the file that looks for an Envoy is no unit test.
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

const IMPORT =
  /^(?:import|export)\s+(?!type\s)(?:[^'";]*?\sfrom\s+)?'(\.[^']+)'|\bimport\('(\.[^']+)'\)|\bnew URL\('([^':]+\.ts)', import\.meta\.url\)/gm;

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

const importsOf = new Map<string, readonly string[]>();

/** The file itself and everything of ours that is loaded with it, or that it starts by `new URL('./x.ts', …)`. */
function reach(test: string): string[] {
  const seen = new Set<string>([test]);
  for (const path of seen) for (const next of readImports(path)) seen.add(next);
  return [...seen];
}

function readImports(path: string): readonly string[] {
  let found = importsOf.get(path);
  if (found === undefined) {
    const text = existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), 'utf8') : '';
    found = [...text.matchAll(IMPORT)].map((match) =>
      relative(ROOT, resolve(ROOT, dirname(path), match[1] ?? match[2] ?? match[3] ?? '')),
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
