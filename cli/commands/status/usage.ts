// The help text of `sidegraph status`: every flag that parse.ts reads is described here and nowhere else.

export const STATUS_USAGE = `Usage: sidegraph status [NAME] [options]

Shows the SeldonDeployments of a namespace: their predictors with their share of the traffic, the pods of each with the
plan that they serve, and an explanation of every problem. Reads with your kubeconfig and changes nothing. Exits
with 1 if one of them is not available.

  -n, --namespace NAME   namespace (default: that of the context)
  -A, --all-namespaces   all namespaces
  --context NAME         context of the kubeconfig
  --kubeconfig FILE      another kubeconfig than KUBECONFIG or ~/.kube/config
  -o FORMAT              tree (default) or json

Examples:
  sidegraph status -n demo
  sidegraph status -n demo iris -o json
`;
