// How the chart and the image start Node for the operator and for the gateway's agent.

/** `command` in the chart's operator.yaml and gateway.yaml. */
export const CHART_NODE_FLAGS: readonly string[] = [
  '--disable-warning=ExperimentalWarning',
  '--max-semi-space-size=4',
  '--heap-growing-percent=25',
  `--import=${new URL('../../extproc/compile-cache.mjs', import.meta.url).href}`,
];

/** `ENV` in images/Containerfile.sidegraph, and `env` in the chart. */
export const CHART_ENVIRONMENT: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '131072',
};
