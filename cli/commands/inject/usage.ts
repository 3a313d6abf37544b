// The help text of `sidegraph inject`: every flag that parse.ts reads is described here and nowhere else.

export const INJECT_USAGE = `Usage: sidegraph inject -f FILE [options]

Adds to pods what the webhook of the operator would add, for those who keep the result in git. Reads Pod, Deployment,
StatefulSet, DaemonSet, ReplicaSet, Job, CronJob and List documents; those whose pod has the annotation
sidegraph.io/graph: DEPLOYMENT[/PREDICTOR] get the labels of the graph, and the pod that requests enter through gets the
sidecars. Everything else is passed through unchanged. The SeldonDeployment is in one of the files or in one of --graph. Findings go to
standard error; exits with 1 and prints nothing if a pod cannot join its graph. Running it again changes nothing.

  -f, --filename FILE    what to read; - is standard input; may be repeated
  --graph FILE           a file with SeldonDeployments that is not printed; may be repeated
  -n, --namespace NAME   namespace of documents that name none (default: default)
  --envoy-image IMAGE    image of the Envoy sidecar, where the cluster's operator has another
  --filter-image IMAGE   image of the filter sidecar
  -o FORMAT              yaml (default) or json

Examples:
  sidegraph inject -f pod.yaml --graph graph.yaml | kubectl apply -f -
  kustomize build . | sidegraph inject -f - > all.yaml
`;
