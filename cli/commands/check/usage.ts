// The help text of `sidegraph check`: every flag that parse.ts reads is described here and nowhere else.

export const CHECK_USAGE = `Usage: sidegraph check FILE… [-o json]

Reports every mistake in the files at once, with its place, a code and what to do. A directory means every .yaml,
.yml and .json file below it, except JSON without a kind; - means standard input. Exits with 1 if there is an error,
otherwise with 0.

  -o FORMAT              text (default) or json

Examples:
  sidegraph check examples/article/graph.yaml
  sidegraph check examples/ -o json
  kubectl get sdep -o yaml | sidegraph check -
`;
