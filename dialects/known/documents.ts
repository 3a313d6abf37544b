// The documentation of a graph's own API, by protocol: an OpenAPI 3 document with the deployment's paths, and a page that shows it.
// Apart from the table of dialects: it is long, and read by people only.
import type { DialectName, Plan } from '../../graph/plan/plan.ts';
import { DOC_PAGE } from '../doc-page.ts';
import { openApiOf as seldonOpenApi } from '../seldon/openapi.ts';
import { openApiOf as v2OpenApi } from '../v2/openapi.ts';

export interface Documents {
  openApiOf(plan: Plan): string;
  readonly page: string;
}

const DOCUMENTS: Readonly<Record<DialectName, Documents | null>> = {
  seldon: { openApiOf: seldonOpenApi, page: DOC_PAGE },
  v2: { openApiOf: v2OpenApi, page: DOC_PAGE },
  // As in Seldon, whose executor documents none of it.
  tensorflow: null,
  // Its clients bring their own.
  openai: null,
};

export function documentsOf(dialect: DialectName): Documents | null {
  return DOCUMENTS[dialect];
}
