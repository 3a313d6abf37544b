// The documentation of a graph's own API, by protocol: an OpenAPI 3 document with the deployment's paths, and a page that shows it.
// Loaded when somebody asks for it: it is long, and read by people only.
import type { DialectName, Plan } from '../../graph/plan/plan.ts';

export interface Documents {
  openApiOf(plan: Plan): string;
  readonly page: string;
}

const LOADERS: Readonly<
  Record<DialectName, (() => Promise<Pick<Documents, 'openApiOf'>>) | undefined>
> = {
  seldon: () => import('../seldon/openapi.ts'),
  v2: () => import('../v2/openapi.ts'),
  // As in Seldon, whose executor documents none of it.
  tensorflow: undefined,
  // Its clients bring their own.
  openai: undefined,
};

/** Undefined for a protocol without. */
export async function loadDocuments(dialect: DialectName): Promise<Documents | undefined> {
  const load = LOADERS[dialect];
  if (load === undefined) return undefined;
  const [{ openApiOf }, { DOC_PAGE: page }] = await Promise.all([load(), import('../doc-page.ts')]);
  return { openApiOf, page };
}
