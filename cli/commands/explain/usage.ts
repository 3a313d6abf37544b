// The help text of `sidegraph explain`: every flag that parse.ts reads is described here and nowhere else.

export const EXPLAIN_USAGE = `Usage: sidegraph explain FILE [-o tree|mermaid|json] [options]

Shows the plan of each predictor: the walk over its units, which kinds of request Envoy serves alone and why, and how
each unit is called.

  -o FORMAT              tree (default), mermaid or json
  --deployment NAME      which deployment, when the file holds several
  --predictor NAME       only this predictor
  --unit NAME=URL        address of a unit, as for run

Examples:
  sidegraph explain examples/bandit/graph.yaml
  sidegraph explain examples/combiner/graph.yaml -o mermaid > graph.mmd
`;
