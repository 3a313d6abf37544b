#!/bin/bash
# Brings up a one-node Kubernetes on this machine: up.sh bare (etcd and the API server), control (and the controllers and
# the scheduler) or full (a whole node with every image of .cache/kube/images; the default). It takes 4 to 15 seconds.
# The node lives in its own mount, network and process namespaces behind one veth, so down.sh removes it without a
# trace. The host reaches pods, Services and node ports (10.68.0.2); pods reach the host as 10.68.0.1.
set -euo pipefail
. "$(dirname "$0")/env.sh"
mode=${1:-full}
say() { echo "cluster: $*" >&2; }
fail() { say "$*"; tail -n 5 "$LOGS"/*.log >&2 2>/dev/null || true; "$KUBE_HERE/down.sh" || true; exit 1; }

case $mode in bare | control | full) ;; *) say "unknown mode $mode: bare, control or full"; exit 2 ;; esac
[ "$(id -u)" = 0 ] || { say 'needs root: it makes namespaces, a veth and mounts'; exit 1; }
[ -x "$BIN/kube-apiserver" ] || { say "no $BIN/kube-apiserver: run e2e/kube/build.sh"; exit 1; }
if [ -e "$RUN/pid" ] && kill -0 "$(cat "$RUN/pid")" 2>/dev/null; then say 'already up (make cluster-down ends it)'; exit 3; fi
if ip link show kubehost0 >/dev/null 2>&1; then say 'another cluster of these scripts is up on this machine'; exit 3; fi

begin=$(date +%s%N)
elapsed() { echo $((($(date +%s%N) - begin) / 1000000)); }
rm -rf "$RUN"
mkdir -p "$LOGS"
"$KUBE_HERE/pki.sh"
# The kubelet sets these for the whole machine; down.sh sets them back. The last one we set: kubelet, containerd and each Envoy
# watch files, and a machine's usual 128 are soon gone (the kubelet then ends with `inotify_init: too many open files`).
sysctl vm.overcommit_memory kernel.panic kernel.panic_on_oops kernel.keys.root_maxkeys kernel.keys.root_maxbytes \
  fs.inotify.max_user_instances > "$RUN/sysctls" 2>/dev/null || true
[ "$(sysctl -n fs.inotify.max_user_instances)" -ge 1024 ] || sysctl -qw fs.inotify.max_user_instances=1024 || true

# down.sh removes those that were not there before.
for folder in $FOLDERS; do [ -e "$folder" ] || echo "$folder"; done > "$RUN/folders"

setsid unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private \
  bash "$KUBE_HERE/node.sh" "$mode" >"$LOGS/node.log" 2>&1 </dev/null &
unshared=$!
for _ in $(seq 100); do
  pid=$(pgrep -P "$unshared" || true)
  [ -n "$pid" ] && break
  sleep 0.02
done
[ -n "$pid" ] || fail 'the namespaces were not made'
echo "$pid" > "$RUN/pid"

ip link add kubehost0 type veth peer name node0 netns "$pid"
ip addr add $HOSTIP/30 dev kubehost0
ip link set kubehost0 up
nsenter -t "$pid" -n sh -c "ip addr add $NODEIP/30 dev node0 && ip link set node0 up && ip route add default via $HOSTIP"
ip route replace $PODNET.0/24 via $NODEIP
ip route replace $SVCNET.0/24 via $NODEIP

token=$(head -1 "$PKI/tokens.csv" | cut -d, -f1)
until curl -sf -m2 -o /dev/null --cacert "$PKI/ca.crt" -H "Authorization: Bearer $token" "https://$NODEIP:6443/readyz"; do
  kill -0 "$pid" 2>/dev/null || fail 'the node ended'
  [ "$(elapsed)" -lt 120000 ] || fail 'the API server was not ready in 120 s'
  sleep 0.05
done
say "API server ready after $(elapsed) ms"
if [ "$mode" = full ]; then
  ready='{.status.conditions[?(@.type=="Ready")].status}'
  until "$BIN/kubectl" --kubeconfig "$KCFG/admin" get node node1 -o "jsonpath=$ready" 2>/dev/null | grep -q True; do
    kill -0 "$pid" 2>/dev/null || fail 'the node ended'
    [ "$(elapsed)" -lt 240000 ] || fail 'the node was not ready in 240 s'
    sleep 0.1
  done
  say "node ready after $(elapsed) ms"
fi
say "export KUBECONFIG=$KCFG/admin"
