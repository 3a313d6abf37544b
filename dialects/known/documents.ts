// The documentation of a graph's own API, by protocol: an OpenAPI 3 document with the deployment's paths, and a page that shows it.
// Apart from the table of dialects: it is long, and read by people only.
import type { DialectName, Plan } from '../../graph/plan/plan.ts';
import { DOC_PAGE, openApiOf } from '../seldon/openapi.ts';

export interface Documents {
  openApiOf(plan: Plan): string;
  readonly page: string;
}

const DOCUMENTS: Readonly<Record<DialectName, Documents>> = {
  seldon: { openApiOf, page: DOC_PAGE },
};

export function documentsOf(dialect: DialectName): Documents {
  return DOCUMENTS[dialect];
}
