// The help text of `sidegraph dashboard`: every flag that parse.ts reads is described here and nowhere else.

export const DASHBOARD_USAGE = `Usage: sidegraph dashboard [NAME] [options]

Serves the live page of a SeldonDeployment in a cluster on this machine: its graph with the traffic of all its pods, and
its last requests. Without NAME it is a list of the namespace's deployments, with links to their pages. Reads with
your kubeconfig and changes nothing; ends with Ctrl-C. Anybody who reaches the port may look.

  -n, --namespace NAME   namespace (default: that of the context)
  --port N               port on 127.0.0.1 (default 9902; 0 for any that is free)
  --context NAME         context of the kubeconfig
  --kubeconfig FILE      another kubeconfig than KUBECONFIG or ~/.kube/config

Examples:
  sidegraph dashboard -n demo
  sidegraph dashboard -n demo iris --port 8080
`;
