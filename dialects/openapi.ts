// What the OpenAPI documents of all protocols have in common: the deployment that they are of, and the names of its units.
import type { Plan } from '../graph/plan/plan.ts';

/** The document as JSON text. `version` is that of the API. */
export function openApiText(plan: Plan, version: string, paths: object, schemas: object): string {
  return JSON.stringify({
    openapi: '3.0.3',
    info: {
      title: `${plan.namespace}/${plan.deployment}`,
      version,
      description: 'The external API of an inference graph.',
    },
    servers: [{ url: `/seldon/${plan.namespace}/${plan.deployment}` }, { url: '/' }],
    paths,
    components: { schemas },
  });
}

/** A part of a path that names a unit. */
export function unitParameter(plan: Plan, name: string): object {
  return {
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', enum: plan.units.map((unit) => unit.name) },
  };
}

/** An operation that only reads. */
export function read(summary: string) {
  return { summary, responses: { '200': { description: 'OK' } } };
}
