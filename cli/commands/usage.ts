// The help texts. Every option that `options.ts` reads is described here and nowhere else.

export const USAGE = {
  main: `Usage: sidegraph COMMAND …

Serves inference graphs (SeldonDeployment files) inside Envoy.

Commands:
  run FILE        serve a graph on this machine
  explain FILE    show what will be done with a request, and why
  check FILE…     look for mistakes
  inject -f FILE  give pods of your own the sidecars of a graph
  status          show what is served in a cluster
  sidecar         the agent inside a pod; the operator starts it
  help COMMAND    the options of a command
  version         print the version

Examples:
  sidegraph check examples/
  sidegraph run examples/single-model/graph.yaml
  curl -d '{"data":{"ndarray":[[5.1,3.5,1.4,0.2]]}}' -H 'content-type: application/json' \\
    http://127.0.0.1:8000/api/v1.0/predictions
`,
  run: `Usage: sidegraph run FILE [options]

Serves the graph of a SeldonDeployment file: Envoy takes the requests, the filter walks the graph. A unit's address is,
in this order: --unit; its container's command, started here; an endpoint with service_host in the file.

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
  --host ADDR            address to listen on, or a name that has one (default 127.0.0.1)
  --admin-port N         Envoy's statistics and state, for reading
  --state-dir DIR        keep Envoy's files and logs there (default: a temporary directory)

How:
  --workers N            processes of the filter (default 1)
  --concurrency N        worker threads of Envoy (default: one up to two CPUs, then one for two, at most 4)
  --access-log WHICH     all: a line for each request; failures (default): for those that failed or took a second, and
                         one in a thousand; none
  --unit-timeout S       seconds that a started unit has to answer (default 120)
  --drain-timeout S      seconds that requests in flight have to end at the end (default 20)
  --log-level LEVEL      debug, info, warn or error (default info)
  -o json                one JSON line on standard output when ready, JSON log lines

Examples:
  sidegraph run examples/single-model/graph.yaml
  sidegraph run graph.yaml --unit model=http://127.0.0.1:9000 --unit model=grpc://127.0.0.1:9500
  sidegraph run graph.yaml --watch --set model.MODEL_NAME=Iris --admin-port 9901
`,
  explain: `Usage: sidegraph explain FILE [-o tree|mermaid|json] [options]

Shows the plan of each predictor: the walk over its units, which kinds of request Envoy serves alone and why, and how
each unit is called.

  -o FORMAT              tree (default), mermaid or json
  --deployment NAME      which deployment, when the file holds several
  --predictor NAME       only this predictor
  --unit NAME=URL        address of a unit, as for run

Examples:
  sidegraph explain examples/bandit/graph.yaml
  sidegraph explain examples/combiner/graph.yaml -o mermaid > graph.mmd
`,
  check: `Usage: sidegraph check FILE… [-o json]

Reports every mistake in the files at once, with its place, a code and what to do. A directory stands for every .yaml,
.yml and .json file below it, JSON without a kind left out; - stands for standard input. Ends with 1 when there is an
error, else with 0.

  -o FORMAT              text (default) or json

Examples:
  sidegraph check examples/article/graph.yaml
  sidegraph check examples/ -o json
  kubectl get sdep -o yaml | sidegraph check -
`,
  inject: `Usage: sidegraph inject -f FILE [options]

Adds to pods what the webhook of the operator would add, for those who keep the result in git. Reads Pod, Deployment,
StatefulSet, DaemonSet, ReplicaSet, Job, CronJob and List documents; those whose pod has the annotation
sidegraph.io/graph: DEPLOYMENT[/PREDICTOR] get the labels of the graph, and the pod that requests enter through gets the
sidecars. Everything else passes as it is. The SeldonDeployment is in one of the files or in one of --graph. Findings go to
standard error; ends with 1, and prints nothing, when a pod cannot join its graph. Done again it changes nothing.

  -f, --filename FILE    what to read; - is standard input; may be repeated
  --graph FILE           a file with SeldonDeployments that is not printed; may be repeated
  -n, --namespace NAME   namespace of documents that name none (default: default)
  --envoy-image IMAGE    image of the Envoy sidecar, where the cluster's operator has another
  --filter-image IMAGE   image of the filter sidecar
  -o FORMAT              yaml (default) or json

Examples:
  sidegraph inject -f pod.yaml --graph graph.yaml | kubectl apply -f -
  kustomize build . | sidegraph inject -f - > all.yaml
`,
  status: `Usage: sidegraph status [NAME] [options]

Shows the SeldonDeployments of a namespace: their predictors with their share of the traffic, the pods of each with the
plan that they serve, and in words what is not as it should be. Reads with your kubeconfig and changes nothing. Ends with
1 when one of them is not available.

  -n, --namespace NAME   namespace (default: that of the context)
  -A, --all-namespaces   all namespaces
  --context NAME         context of the kubeconfig
  --kubeconfig FILE      another kubeconfig than KUBECONFIG or ~/.kube/config
  -o FORMAT              tree (default) or json

Examples:
  sidegraph status -n demo
  sidegraph status -n demo iris -o json
`,
  sidecar: `Usage: sidegraph sidecar [options]

The agent in the filter's container of a pod: makes Envoy's files of the mounted plan, runs the filter, follows the plan
and tells how it stands. Envoy is another container on the same folder.

  --plan FILE            the mounted plan (default /etc/sidegraph/plan/plan.json)
  --run DIR              folder that is shared with Envoy (default /run/sidegraph)
  --revision NAME        set of containers of this pod; a plan of another one is refused
  --host ADDR            where Envoy listens (default 0.0.0.0)
  --http-port N          REST and gRPC (default 8000)
  --grpc-port N          gRPC (default 5001)
  --status-host ADDR     where the status port listens (default: all addresses)
  --status-port N        /live, /ready, /plan, /status and /metrics, for reading (default 15020)
  --workers N            processes of the filter (default 1)
  --concurrency N        worker threads of Envoy, as its container starts it (default 1)
  --access-log WHICH     which requests have a line in the access log: all, failures or none (default failures)
  --envoy-memory-mib N   memory limit of Envoy's container, of which its heap gets a share (default: a heap of 1024)
  --drain-seconds N      time from the end of a pod to that of its units (default 10)
  --log-level LEVEL      debug, info, warn or error (default info)
  --drain                ask the agent on --run to drain Envoy, wait until that is done, and end

The pod's variables SIDEGRAPH_DEPLOYMENT, SIDEGRAPH_PREDICTOR and POD_NAMESPACE say whose plan it is; another one is refused.
`,
} as const;

export type Topic = keyof typeof USAGE;
