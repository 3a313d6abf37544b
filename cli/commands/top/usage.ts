// The help text of `sidegraph top`: every flag that parse.ts reads is described here and nowhere else.

export const TOP_USAGE = `Usage: sidegraph top [NAME] [options]

Shows what a running graph does, anew each second: requests and errors per second and times, per predictor and unit, over the
last five seconds. Without NAME it is the graph of a 'sidegraph run' that was started with --admin-port; with it, that
SeldonDeployment in a cluster, all its pods together, with your kubeconfig and read-only. With -n and no NAME it is a
line for each deployment of the namespace.

  --url URL              admin port of the run (default http://127.0.0.1:9901)
  -n, --namespace NAME   namespace of the deployment (default: that of the context)
  --context NAME         context of the kubeconfig
  --kubeconfig FILE      another kubeconfig than KUBECONFIG or ~/.kube/config
  --once                 one table, after a second of looking
  -o FORMAT              text (default) or json: one line each second

Examples:
  sidegraph top
  sidegraph top --url http://127.0.0.1:9902 --once -o json
  sidegraph top -n demo iris
  sidegraph top -n demo
`;
