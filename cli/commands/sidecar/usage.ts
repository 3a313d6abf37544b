// The help text of `sidegraph sidecar`: every flag that parse.ts reads is described here and nowhere else.

export const SIDECAR_USAGE = `Usage: sidegraph sidecar [options]

The agent in the filter's container of a pod: renders Envoy's configuration from the mounted plan, runs the
filter, follows plan updates and reports status. Envoy is another container that shares the folder --run.

  --plan FILE            the mounted plan (default /etc/sidegraph/plan/plan.json)
  --run DIR              folder that is shared with Envoy (default /run/sidegraph)
  --revision NAME        set of containers of this pod; a plan for another one is rejected
  --host ADDR            where Envoy listens (default 0.0.0.0)
  --http-port N          REST and gRPC (default 8000)
  --grpc-port N          gRPC (default 5001)
  --status-host ADDR     where the status port listens (default: all addresses)
  --status-port N        /live, /ready, /plan, /status and /metrics, for reading (default 15020)
  --live-port N          on 127.0.0.1: requests and rates, for 'sidegraph dashboard', 'top', 'tap' and 'trace' (default: off)
  --workers N            processes of the filter (default 1)
  --concurrency N        worker threads of Envoy, as its container starts it (default 1)
  --access-log WHICH     which requests have a line in the access log: all, failures or none (default failures)
  --envoy-memory-mib N   memory limit of Envoy's container, of which its heap gets a share (default: a heap of 1024)
  --drain-seconds N      seconds between pod shutdown and unit shutdown (default 10)
  --tls-dir DIR          folder with the certificate of the two ports, a mounted Secret (default: plain HTTP)
  --tls-certificate FILE its certificate (default tls.crt)
  --tls-key FILE         its key (default tls.key)
  --log-level LEVEL      debug, info, warn or error (default info)
  --drain                tell the agent on --run to drain Envoy, wait for it, and exit

The pod's variables SIDEGRAPH_DEPLOYMENT, SIDEGRAPH_PREDICTOR and POD_NAMESPACE name the plan's predictor; a plan for another one is rejected.
`;
