# Settings that the scripts of this folder share; sourced, never run. The node's addresses are fixed, so one such cluster
# can be up on a machine at a time.
KUBE_HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CHECKOUT=$(cd "$KUBE_HERE/../.." && pwd)
CACHE=$CHECKOUT/.cache/kube
BIN=${KUBE_BIN:-$CACHE/bin}
IMAGES=$CACHE/images
RUN=$CACHE/run LOGS=$CACHE/run/logs PKI=$CACHE/run/pki KCFG=$CACHE/run/kubeconfig

HOSTIP=10.68.0.1 NODEIP=10.68.0.2
PODNET=10.66.0 SVCNET=10.67.0     # a /24 each: pods, Services
# What node.sh mounts over, which must exist outside of its mount namespace too.
FOLDERS="/run/kubenode /var/lib/kubelet /var/log/pods /var/log/containers /run/containerd /var/lib/cni /run/netns"
STATE=/run/kubenode               # a tmpfs in the node's own mount namespace
