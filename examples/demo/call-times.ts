// How long each unit's calls took, read from the metrics that the sidecar serves: what was added to the time and to the
// count of each unit's calls between two looks.

const SERIES = /^seldon_api_executor_client_requests_seconds_(sum|count)\{([^}]*)\} (\S+)$/gm;

export interface CallTotals {
  readonly seconds: number;
  readonly calls: number;
}

/** Totals of each unit so far; `url` is the ingress, `http://127.0.0.1:8000`. */
export async function readCallTotals(url: string): Promise<Map<string, CallTotals>> {
  const response = await fetch(`${url}/prometheus`);
  if (!response.ok) throw new Error(`GET /prometheus answered ${response.status}`);
  return parseCallTotals(await response.text());
}

/** Adds up the series of each `model_name` in a page of Prometheus' text format. */
export function parseCallTotals(page: string): Map<string, CallTotals> {
  const totals = new Map<string, CallTotals>();
  for (const [, kind, labels = '', value] of page.matchAll(SERIES)) {
    const unit = /(?:^|,)model_name="([^"]*)"/.exec(labels)?.[1] ?? '';
    const { seconds, calls } = totals.get(unit) ?? { seconds: 0, calls: 0 };
    const added = Number(value);
    totals.set(
      unit,
      kind === 'sum' ? { seconds: seconds + added, calls } : { seconds, calls: calls + added },
    );
  }
  return totals;
}

/** Mean milliseconds of each unit's calls since `before`, in the order of `names`; units that were not called are left out. */
export function meanSince(
  before: ReadonlyMap<string, CallTotals>,
  after: ReadonlyMap<string, CallTotals>,
  names: readonly string[],
): { readonly unit: string; readonly ms: number; readonly calls: number }[] {
  return names.flatMap((unit) => {
    const { seconds: secondsBefore = 0, calls: callsBefore = 0 } = before.get(unit) ?? {};
    const { seconds = 0, calls = 0 } = after.get(unit) ?? {};
    const added = calls - callsBefore;
    return added > 0
      ? [{ unit, ms: ((seconds - secondsBefore) / added) * 1000, calls: added }]
      : [];
  });
}
