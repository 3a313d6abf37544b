// The help text of `sidegraph trace`: every flag that parse.ts reads is described here and nowhere else.

export const TRACE_USAGE = `Usage: sidegraph trace [ID] [options]
       sidegraph trace -n NAMESPACE NAME [ID] [options]

Shows one request's walk through a running graph as a tree: each unit with its calls, their status, times and sizes, the
branch that a router chose, and the call that Envoy made last. ID is the request's Seldon-Puid or the id of its trace;
without one it is the newest request. Requests are noted while somebody looks: an open live page, tap, or this
command with --wait. With -n it is a request of the SeldonDeployment NAME in a cluster, otherwise of a 'sidegraph run'.

  --url URL              admin port of the run (default http://127.0.0.1:9901)
  -n, --namespace NAME   namespace of the deployment
  --context NAME         context of the kubeconfig
  --kubeconfig FILE      another kubeconfig than KUBECONFIG or ~/.kube/config
  --wait S               seconds to wait for a request that is not there yet (default 0)
  -o FORMAT              text (default) or json

Examples:
  sidegraph trace
  sidegraph trace 4bf92f3577b34da6a3ce929d0e0e4736
  sidegraph trace my-request --wait 60 -o json
  sidegraph trace -n demo iris --wait 60
`;
