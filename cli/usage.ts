// The help texts. Every option that `options.ts` reads is described here and nowhere else.

export const USAGE = {
  main: `Usage: sidegraph COMMAND …

Serves inference graphs (SeldonDeployment files) inside Envoy.

Commands:
  run FILE        serve a graph on this machine
  explain FILE    show what will be done with a request, and why
  check FILE…     look for mistakes
  help COMMAND    the options of a command
  version         print the version

Examples:
  sidegraph check examples/
  sidegraph run deployment.yaml
  curl -d '{"data":{"ndarray":[[1,2]]}}' -H 'content-type: application/json' \\
    http://127.0.0.1:8000/api/v1.0/predictions
`,
  run: `Usage: sidegraph run FILE [options]

Serves the graph of a SeldonDeployment file: Envoy takes the requests, the filter walks the graph. A unit's address is,
in this order: --unit; an endpoint with service_host in the file; else its container's command, started here.

What to serve:
  --deployment NAME      which deployment, when the file holds several
  --predictor NAME       only this predictor
  --unit NAME=URL        address of a unit: http://HOST:PORT for REST, grpc://HOST:PORT for gRPC; give both by
                         repeating it. NAME is the unit's name, or PREDICTOR/UNIT
  --env-file FILE        lines NAME=VALUE for the environment of every unit that is started here, also for what the
                         file takes from Secrets and ConfigMaps; may be repeated
  --set UNIT.NAME=VALUE  one variable of one unit; may be repeated, stronger than --env-file
  --watch                take over changes of the file without dropping a request

Where:
  --port N               REST and gRPC (default 8000)
  --grpc-port N          gRPC (default 5001)
  --host ADDR            address to listen on (default 127.0.0.1)
  --admin-port N         Envoy's statistics and state, for reading
  --state-dir DIR        keep Envoy's files and logs there (default: a temporary directory)

How:
  --workers N            processes of the filter (default 1)
  --concurrency N        worker threads of Envoy (default: the machine's, at most 4)
  --unit-timeout S       seconds that a started unit has to answer (default 120)
  --drain-timeout S      seconds that requests in flight have to end at the end (default 20)
  --log-level LEVEL      debug, info, warn or error (default info)
  -o json                one JSON line on standard output when ready, JSON log lines

Examples:
  sidegraph run examples/iris/deployment.yaml
  sidegraph run graph.yaml --unit model=http://127.0.0.1:9000 --unit model=grpc://127.0.0.1:9500
  sidegraph run graph.yaml --watch --set model.MODEL_FILE=iris.joblib --admin-port 9901
`,
  explain: `Usage: sidegraph explain FILE [-o tree|mermaid|json] [options]

Shows the plan of each predictor: the walk over its units, which kinds of request Envoy serves alone and why, and how
each unit is called.

  -o FORMAT              tree (default), mermaid or json
  --deployment NAME      which deployment, when the file holds several
  --predictor NAME       only this predictor
  --unit NAME=URL        address of a unit, as for run

Examples:
  sidegraph explain deployment.yaml
  sidegraph explain deployment.yaml -o mermaid > graph.mmd
`,
  check: `Usage: sidegraph check FILE… [-o json]

Reports every mistake in the files at once, with its place, a code and what to do. A directory stands for every .yaml,
.yml and .json file below it; - stands for standard input. Ends with 1 when there is an error, else with 0.

  -o FORMAT              text (default) or json

Examples:
  sidegraph check deployment.yaml
  sidegraph check examples/ -o json
  kubectl get sdep -o yaml | sidegraph check -
`,
} as const;

export type Topic = keyof typeof USAGE;
