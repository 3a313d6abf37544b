// The help text of `sidegraph tap`: every flag that parse.ts reads is described here and nowhere else.

export const TAP_USAGE = `Usage: sidegraph tap [NAME] [options]

Shows the requests of a running graph as they end: status, path, the branches that routers chose, the whole time, and the
call that Envoy made last with its time. Without NAME it is the graph of a 'sidegraph run' that was started with
--admin-port; with it, that SeldonDeployment in a cluster, by its pods. The busiest graphs are shown in part.

  --url URL              admin port of the run (default http://127.0.0.1:9901)
  -n, --namespace NAME   namespace of the deployment (default: that of the context)
  --context NAME         context of the kubeconfig
  --kubeconfig FILE      another kubeconfig than KUBECONFIG or ~/.kube/config
  --status STATUS        only these: 503, 5xx, 'grpc 14', or failed
  --unit NAME            only those in which this unit chose or was called
  --slow MS              only those that took so long or longer
  --capture              only requests whose payloads were captured, with them; the run needs --capture too. As JSON they
                         can be kept in a file, and be sent again by 'sidegraph replay'
  --once                 the requests of one second; with --capture all that are kept
  -o FORMAT              text (default) or json: one line for each request

Examples:
  sidegraph tap --status failed
  sidegraph tap --slow 500 -o json
  sidegraph tap --capture --once -o json > captures.jsonl
  sidegraph tap -n demo iris --unit classifier
`;
