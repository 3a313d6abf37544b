// The help text of `sidegraph run`: every flag that parse.ts reads is described here and nowhere else.

export const RUN_USAGE = `Usage: sidegraph run FILE [options]

Serves the graph of a SeldonDeployment file: Envoy takes the requests, the filter walks the graph. A unit's address is,
in this order: --unit; its container's command, started here; an endpoint with service_host in the file. A prepackaged
server (SKLEARN_SERVER …) is started here if its program is on PATH and its model in a folder.

What to serve:
  --deployment NAME      which deployment, when the file holds several
  --predictor NAME       only this predictor
  --unit NAME=URL        address of a unit: http://HOST:PORT for REST, grpc://HOST:PORT for gRPC; give both by
                         repeating it. NAME is the unit's name, or PREDICTOR/UNIT, as in --model and --set
  --env-file FILE        lines NAME=VALUE for the environment of every unit that is started here, also for what the
                         file takes from Secrets and ConfigMaps; may be repeated
  --model UNIT=DIR       folder with the model of a prepackaged server, for a modelUri that is not on this machine
  --set UNIT.NAME=VALUE  one variable of one unit; may be repeated, stronger than --env-file
  --watch                apply changes of the file without dropping a request

Where:
  --port N               REST and gRPC (default 8000)
  --grpc-port N          gRPC (default 5001)
  --host ADDR            address to listen on, or a name that has one (default 127.0.0.1)
  --free-ports           give units that are started here other ports where theirs are taken
  --admin-port N         live page of the graph, for a browser, top and tap; read-only Envoy admin endpoint
  --capture[=N]          keep the newest N requests with their payloads (default 50, at most 500), for this machine: on the
                         live page, tap --capture and replay; --capture=paused begins when the page's button is pressed
  --state-dir DIR        keep Envoy's files and logs there (default: a temporary directory)

How:
  --workers N            processes of the filter (default 1)
  --concurrency N        worker threads of Envoy (default: one up to two CPUs, then one for two, at most 4)
  --access-log WHICH     all: a line for each request; failures (default): for those that failed or took a second, and
                         one in a thousand; none
  --unit-timeout S       seconds that a started unit has to become ready (default 120)
  --drain-timeout S      seconds to wait for in-flight requests on shutdown (default 20)
  --otlp URL             send traces there, as OTLP over HTTP: http://127.0.0.1:4318
  --log-level LEVEL      debug, info, warn or error (default info)
  -o json                one JSON line on standard output when ready, JSON log lines

Examples:
  sidegraph run examples/single-model/graph.yaml
  sidegraph run graph.yaml --unit model=http://127.0.0.1:9000 --unit model=grpc://127.0.0.1:9500
  sidegraph run graph.yaml --watch --set model.MODEL_NAME=Iris --admin-port 9901
  sidegraph run graph.yaml --admin-port 9901 --capture
`;
