// axe-core in a page of the tests: every rule that it has, those for the size of what is clicked too.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Page } from './browser.ts';

const SOURCE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
const OPTIONS = { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } };

/** One text for each element that breaks a rule: the rule, the element, what is wrong. */
export async function findViolations(page: Page): Promise<readonly string[]> {
  if ((await page.evaluate('typeof window.axe')) === 'undefined')
    await page.evaluate(`${SOURCE}; undefined`);
  const results = (await page.evaluate(
    `axe.run(document, ${JSON.stringify(OPTIONS)}).then(({ violations, passes }) => ({ violations, passes }))`,
  )) as Pick<AxeResults, 'violations' | 'passes'>;
  // A page that is not there breaks no rule either.
  if (results.passes.length < 20) throw new Error(`only ${results.passes.length} rules applied`);
  return results.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html}: ${failureSummary ?? ''}`),
  );
}
