// Which control endpoint of a protocol a path is. In: the dialect's table; out: what is asked there, of which unit, by which methods.
import type { Dialect, HttpControlResponse } from '../../dialects/dialect.ts';
import { isTemplate, readTemplate } from '../../dialects/template.ts';
import type { DialectName } from '../../graph/plan/plan.ts';

export interface ControlEndpoint {
  /** `post`: a path of predictions, which Envoy serves; a request with another method may come here. */
  readonly response: HttpControlResponse | 'post';
  /** '' where none is named. */
  readonly unit: string;
  /** Of the model that it names: `/versions/N` as in the path, '' for none. */
  readonly version: string;
  readonly methods: string;
  /** What a 200 to `ready` or `live` says to a client that sends `accept`, '' for nothing. */
  readonly body: string;
}

type FindEndpoint = (path: string) => ControlEndpoint | undefined;

const METHODS_GET = 'GET,OPTIONS';
/** What is between the holes of a template with two. */
const VERSION = /\}(\/[a-z]+\/)\{/;
const POST: ControlEndpoint = {
  response: 'post',
  unit: '',
  version: '',
  methods: 'OPTIONS,POST',
  body: '',
};

const finders = new Map<DialectName, FindEndpoint>();

export function findEndpoint(dialect: Dialect, path: string): ControlEndpoint | undefined {
  let find = finders.get(dialect.name);
  if (find === undefined) {
    find = compileEndpoints(dialect);
    finders.set(dialect.name, find);
  }
  return find(path);
}

function compileEndpoints({ control, clientRoutes }: Dialect): FindEndpoint {
  const exact = new Map<string, ControlEndpoint>();
  const templates: { path: string; response: ControlEndpoint['response'] }[] = [];
  for (const { path, response, body = '' } of control.http) {
    if (isTemplate(path)) templates.push({ path, response });
    else exact.set(path, { response, unit: '', version: '', methods: METHODS_GET, body });
  }
  for (const { path, kind } of clientRoutes) {
    if (kind.endsWith('-grpc')) continue;
    if (isTemplate(path)) templates.push({ path, response: 'post' });
    else if (!exact.has(path)) exact.set(path, POST);
  }
  return (path) => {
    const found = exact.get(path);
    if (found !== undefined) return found;
    for (const { path: template, response } of templates) {
      const holes = readTemplate(template, path);
      if (holes === undefined) continue;
      if (response === 'post') return POST;
      const [unit = '', version] = holes;
      const before = VERSION.exec(template)?.[1] ?? '';
      return {
        response,
        unit: decodeSegment(unit),
        version: version === undefined ? '' : `${before}${version}`,
        methods: METHODS_GET,
        body: '',
      };
    }
    return undefined;
  };
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
