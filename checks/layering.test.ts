// Holds the layering of the folders by reading the import lines of the tree: a stage knows the stages before it and
// never the ones beside it, and a library is used only where it belongs. Also the size and the opening of each file.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAX_LINES = 500;

/** What the files of a top-level folder may import from our own folders, besides their own. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  proto: [],
  graph: ['lib', 'dialects'],
  dialects: ['lib', 'graph', 'proto'],
  envoy: ['lib', 'graph', 'dialects', 'proto'],
  extproc: ['lib', 'graph', 'dialects', 'proto'],
  cluster: ['lib', 'graph', 'envoy'],
  sidecar: ['lib', 'graph', 'dialects', 'envoy', 'extproc', 'cluster', 'proto'],
  gateway: ['lib', 'graph', 'dialects', 'envoy', 'cluster', 'proto'],
  operator: ['lib', 'graph', 'dialects', 'envoy', 'cluster', 'proto'],
  cli: ['lib', 'graph', 'dialects', 'envoy', 'extproc', 'cluster', 'sidecar', 'operator', 'proto'],
};
/** The rooms by level: what is in a room imports only from its own room and from rooms of the rows before, types counted. */
const LEVELS: readonly (readonly string[])[] = [
  ['lib/runtime', 'lib/codecs/grpc', 'lib/codecs/http2', 'lib/codecs/protobuf', 'proto'],
  ['lib/codecs/json', 'lib/kube', 'graph/plan'],
  ['dialects', 'graph/manifest'],
  ['dialects/seldon', 'dialects/tensors', 'graph/built-ins'],
  ['dialects/openai', 'dialects/tensorflow', 'dialects/v2'],
  ['dialects/transcode'],
  ['dialects/known'],
  ['envoy/kit', 'extproc/contract'],
  ['extproc/policies', 'graph/crd', 'graph/pod', 'envoy/kit/filters', 'extproc/contract/unpack'],
  [
    'extproc/transport/codec',
    'extproc/transport/http2',
    'extproc/client',
    'extproc/feedback',
    'operator/certificates',
  ],
  [
    'extproc/client/http1',
    'extproc/client/grpc',
    'extproc/reading',
    'extproc/metrics',
    'extproc/live',
    'extproc/tracing',
    'graph/explain',
  ],
  ['extproc/client/http2', 'extproc/payload-log', 'extproc/transport', 'extproc/walk'],
  ['extproc/client/open', 'extproc/control', 'graph/seldon', 'envoy/sidecar', 'cli/manifests'],
  ['extproc/process', 'graph/compile', 'envoy/process'],
  ['cluster', 'sidecar/live'],
  ['sidecar/live/page'],
  ['sidecar/live/capture'],
  ['gateway/config', 'operator/config', 'sidecar/supervisor', 'cli/cluster'],
  ['gateway/xds', 'operator/workloads/sidecar', 'sidecar/agent', 'cli/live', 'cli/units'],
  ['gateway/process', 'operator/workloads'],
  ['operator/read'],
  ['operator/admission', 'operator/observe'],
  ['operator/status', 'cli/commands'],
  ['operator/reconcile'],
  [
    'operator/process',
    'cli/commands/run',
    'cli/commands/check',
    'cli/commands/explain',
    'cli/commands/inject',
    'cli/commands/status',
    'cli/commands/sidecar',
    'cli/commands/dashboard',
    'cli/commands/top',
    'cli/commands/tap',
    'cli/commands/trace',
    'cli/commands/replay',
  ],
  ['cli'],
];
/** What is no part of the product may import all of it, and each other. */
const AROUND: readonly string[] = [
  'scripts',
  'examples',
  'bench',
  'e2e',
  'checks',
  'testing',
  'dashboards',
];
/** A test, and what tests share in a folder testing/, may also import the parts that the tiers of tests share. */
const TESTS_MAY_IMPORT = ['e2e', 'testing'];

/** Libraries that only some places may use; a place is the beginning of a path or a test of it. */
const LIBRARIES: readonly { name: string; where: string; allows: (path: string) => boolean }[] = [
  {
    name: '@kubernetes/',
    where: 'lib/kube/',
    allows: (path) => path.startsWith('lib/kube/'),
  },
  {
    name: '@dot-i/',
    where: 'lib/kube/',
    allows: (path) => path.startsWith('lib/kube/'),
  },
  {
    name: '@platformatic/kafka',
    where: 'extproc/payload-log/',
    allows: (path) => path.startsWith('extproc/payload-log/'),
  },
  {
    name: '@grpc/',
    where: 'proto/, extproc/control/, gateway/xds/, testing/, tests, e2e/ …',
    allows: (path) =>
      /^(proto|extproc\/control|gateway\/xds|e2e|examples|bench)\//.test(path) ||
      path.includes('/testing/') ||
      isTest(path),
  },
];

const IMPORT =
  /^(?:import|export)\s+(?:[^'";]*?\sfrom\s+)?'([^']+)'|^(?!\s*(?:\/\/|\*|"|')).*\bimport\('([^']+)'\)/gm;

interface Source {
  /** From the root, with slashes. */
  readonly path: string;
  readonly text: string;
  /** As written: `./x.ts`, `node:fs`, `@grpc/grpc-js`. */
  readonly imports: readonly string[];
}

const SOURCES: readonly Source[] = [...Object.keys(MAY_IMPORT), ...AROUND].flatMap((folder) =>
  readSources(folder),
);
/** What is shipped: no tests, no benches, nothing in testing/. */
const PRODUCT = SOURCES.filter(
  ({ path }) =>
    !AROUND.includes(folderOf(path)) && !isTest(path) && !/\.bench\.ts$|\/testing\//.test(path),
);
const PATHS = new Set(SOURCES.map((source) => source.path));

describe('the layering', () => {
  test('every folder imports only from the folders that it may know', () => {
    const wrong = SOURCES.flatMap((source) =>
      ownImports(source)
        .filter((target) => !mayImport(source.path, target))
        .map((target) => `${source.path} imports ${target}`),
    );
    assert.deepEqual(wrong, []);
  });

  test('every room imports only from the rooms below it, types counted', () => {
    const wrong = PRODUCT.flatMap((source) =>
      ownImports(source)
        .filter((target) => levelOf(roomOf(target)) >= levelOf(roomOf(source.path)))
        .filter((target) => roomOf(target) !== roomOf(source.path))
        .map((target) => `${source.path} imports ${target}`),
    );
    assert.deepEqual(wrong, []);
  });

  test('every room has a level', () => {
    const rooms = new Set(PRODUCT.map((source) => roomOf(source.path)));
    assert.deepEqual(
      [...rooms].filter((room) => levelOf(room) < 0),
      [],
    );
    assert.deepEqual(
      LEVELS.flat().filter((room) => !rooms.has(room)),
      [],
    );
  });

  test('what is shipped imports nothing that tests share', () => {
    const wrong = PRODUCT.flatMap((source) =>
      ownImports(source)
        .filter((target) => /(^|\/)testing\//.test(target))
        .map((target) => `${source.path} imports ${target}`),
    );
    assert.deepEqual(wrong, []);
  });

  test('every import of ours names a file that exists', () => {
    const wrong = SOURCES.flatMap((source) =>
      ownImports(source)
        .filter((target) => target.endsWith('.ts') && !PATHS.has(target))
        .map((target) => `${source.path} imports ${target}`),
    );
    assert.deepEqual(wrong, []);
  });

  test('a library is imported only where it belongs', () => {
    const wrong = SOURCES.flatMap((source) =>
      LIBRARIES.filter(
        (library) =>
          !library.allows(source.path) &&
          source.imports.some((name) => name.startsWith(library.name)),
      ).map(
        (library) => `${source.path} imports ${library.name}…, which belongs in ${library.where}`,
      ),
    );
    assert.deepEqual(wrong, []);
  });

  test('no file imports itself by a way round, types counted', () => {
    const imports = new Map(SOURCES.map((source) => [source.path, ownImports(source)]));
    assert.deepEqual(findCycles(imports), []);
  });
});

describe('the files', () => {
  test('every source file opens with a comment that says what it is', () => {
    const wrong = SOURCES.filter(
      (source) => !isTest(source.path) && !/^(#!.*\n)?(\/\/ |\/\*\*?\s)/.test(source.text),
    ).map((source) => source.path);
    assert.deepEqual(wrong, []);
  });

  test(`no file is longer than ${MAX_LINES} lines`, () => {
    const wrong = SOURCES.map((source) => ({
      path: source.path,
      lines: source.text.split('\n').length - 1,
    })).filter((file) => file.lines > MAX_LINES);
    assert.deepEqual(wrong, []);
  });
});

describe('the reader of import lines', () => {
  test('every form of an import is seen', () => {
    const text = [
      "import a from './a.ts';",
      "import type { B } from './b.ts';",
      "import {\n  c,\n  d,\n} from './c.ts';",
      "export { e } from './e.ts';",
      "export * from './f.ts';",
      "import './g.ts';",
      "const h = await import('./h.ts');",
      "// import i from './i.ts';",
    ].join('\n');
    assert.deepEqual(
      parseImports(text),
      ['a', 'b', 'c', 'e', 'f', 'g', 'h'].map((name) => `./${name}.ts`),
    );
  });

  test('a cycle is found and named', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['b']],
    ]);
    assert.deepEqual(findCycles(graph), ['b → c → b']);
  });
});

function readSources(folder: string): Source[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.includes('/node_modules/'))
    .map((file) => {
      const text = readFileSync(file, 'utf8');
      return {
        path: relative(ROOT, file),
        text,
        imports: parseImports(text),
      };
    });
}

function parseImports(text: string): string[] {
  return [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? '');
}

/** The imports of a file that are ours, as paths from the root. */
function ownImports(source: Source): string[] {
  return source.imports
    .filter((name) => name.startsWith('.'))
    .map((name) => relative(ROOT, resolve(ROOT, dirname(source.path), name)));
}

function mayImport(from: string, target: string): boolean {
  const own = folderOf(from);
  const other = folderOf(target);
  if (own === other || AROUND.includes(own)) return true;
  if ((MAY_IMPORT[own] ?? []).includes(other)) return true;
  return (isTest(from) || from.includes('/testing/')) && TESTS_MAY_IMPORT.includes(other);
}

function folderOf(path: string): string {
  return path.slice(0, path.indexOf('/'));
}

function roomOf(path: string): string {
  return dirname(path);
}

function levelOf(room: string): number {
  return LEVELS.findIndex((rooms) => rooms.includes(room));
}

function isTest(path: string): boolean {
  return path.endsWith('.test.ts');
}

/** Each cycle once, as `a → b → a`, by a depth-first walk. */
function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (path: string): void => {
    const begin = way.indexOf(path);
    if (begin >= 0) {
      cycles.push([...way.slice(begin), path].join(' → '));
      return;
    }
    if (done.has(path)) return;
    way.push(path);
    for (const next of graph.get(path) ?? []) visit(next);
    way.pop();
    done.add(path);
  };
  for (const path of graph.keys()) visit(path);
  return cycles;
}
