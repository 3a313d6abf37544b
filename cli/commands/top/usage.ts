// The help text of `sidegraph top`: every flag that parse.ts reads is described here and nowhere else.

export const TOP_USAGE = `Usage: sidegraph top [options]

Shows what a running graph does, anew each second: requests and errors per second and times, per predictor and unit, over the
last five seconds. Asks a 'sidegraph run' that was started with --admin-port; the same is on its live page.

  --url URL              its admin port (default http://127.0.0.1:9901)
  --once                 one table, after a second of looking
  -o FORMAT              text (default) or json: one line each second

Examples:
  sidegraph top
  sidegraph top --url http://127.0.0.1:9902 --once -o json
`;
