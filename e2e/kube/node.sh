#!/bin/bash
# The first process of the node's own process, mount and network namespaces, started by up.sh with its mode. All that it
# starts, mounts or sets is gone when it is killed.
. "$(dirname "$0")/env.sh"
mode=$1
mount --make-rshared /
mkdir -p $STATE
mount -t tmpfs -o mode=755 tmpfs $STATE
if [ "$mode" = full ]; then
  for folder in ${FOLDERS#* }; do
    mkdir -p $folder
    mount -t tmpfs -o mode=755 tmpfs $folder
    mount --make-rshared $folder
  done
fi
ip link set lo up
exec </dev/null
start() { local name=$1; shift; "$@" >"$LOGS/$name.log" 2>&1 & echo "$name $!" >>"$RUN/pids"; }
# up.sh moves one end of the veth in here.
until ip -o addr show dev node0 2>/dev/null | grep -q "$NODEIP/"; do sleep 0.02; done

# fsync is left out: the data are in memory anyway.
start etcd "$BIN/etcd" --data-dir $STATE/etcd --log-level warn --unsafe-no-fsync \
  --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380
# Started before etcd listens, the API server waits a whole second.
for _ in $(seq 200); do (: </dev/tcp/127.0.0.1/2379) 2>/dev/null && break; sleep 0.02; done
# Advertised addresses of 127.x are refused, and webhooks need one that pods can reach.
start apiserver "$BIN/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 --advertise-address=$NODEIP --secure-port=6443 \
  --cert-dir=$STATE/apiserver --tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" \
  --client-ca-file="$PKI/ca.crt" --token-auth-file="$PKI/tokens.csv" --authorization-mode=Node,RBAC \
  --service-account-issuer=https://kubernetes.default.svc \
  --service-account-key-file="$PKI/sa.pub" --service-account-signing-key-file="$PKI/sa.key" \
  --service-cluster-ip-range=$SVCNET.0/24 --enable-admission-plugins=NodeRestriction --allow-privileged=true \
  --kubelet-client-certificate="$PKI/kubelet-client.crt" --kubelet-client-key="$PKI/kubelet-client.key" \
  --kubelet-preferred-address-types=InternalIP --endpoint-reconciler-type=master-count --profiling=false \
  --requestheader-client-ca-file="$PKI/ca.crt" --requestheader-allowed-names=front-proxy \
  --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
  --requestheader-extra-headers-prefix=X-Remote-Extra- \
  --proxy-client-cert-file="$PKI/front-proxy.crt" --proxy-client-key-file="$PKI/front-proxy.key"

start_controllers() {
  local token
  token=$(head -1 "$PKI/tokens.csv" | cut -d, -f1)
  until curl -sf -o /dev/null --cacert "$PKI/ca.crt" https://127.0.0.1:6443/livez -H "Authorization: Bearer $token"; do sleep 0.1; done
  # More queries a second than the default 20, or the tests measure the controllers' own brake.
  start controller-manager "$BIN/kube-controller-manager" --kubeconfig="$KCFG/controller-manager" --leader-elect=false \
    --use-service-account-credentials=true --service-account-private-key-file="$PKI/sa.key" --root-ca-file="$PKI/ca.crt" \
    --cluster-signing-cert-file="$PKI/ca.crt" --cluster-signing-key-file="$PKI/ca.key" \
    --bind-address=127.0.0.1 --secure-port=10257 --cert-dir=$STATE/kcm --authentication-kubeconfig= --profiling=false \
    --kube-api-qps=500 --kube-api-burst=1000
  start scheduler "$BIN/kube-scheduler" --kubeconfig="$KCFG/scheduler" --leader-elect=false --bind-address=127.0.0.1 \
    --secure-port=10259 --cert-dir=$STATE/scheduler --profiling=false --kube-api-qps=500 --kube-api-burst=1000
}

start_containerd() {
  mkdir -p $STATE/cni
  # restrict_oom_score_adj: without CAP_SYS_RESOURCE (machines in a sandbox) no pod would start otherwise.
  cat > $STATE/containerd.toml <<Y
version = 2
root = "$STATE/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs","io.containerd.snapshotter.v1.zfs","io.containerd.snapshotter.v1.devmapper","io.containerd.snapshotter.v1.aufs","io.containerd.internal.v1.opt"]
[grpc]
address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "localhost/pause:1"
restrict_oom_score_adj = true
disable_apparmor = true
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "$STATE/cni"
Y
  cat > $STATE/cni/10-bridge.conflist <<Y
{"cniVersion":"0.4.0","name":"kube","plugins":[
 {"type":"bridge","bridge":"cni0","isGateway":true,"ipMasq":true,"hairpinMode":true,"promiscMode":false,
  "ipam":{"type":"host-local","ranges":[[{"subnet":"$PODNET.0/24"}]],"routes":[{"dst":"0.0.0.0/0"}],"dataDir":"/var/lib/cni/networks"}},
 {"type":"portmap","capabilities":{"portMappings":true}}]}
Y
  start containerd containerd -c $STATE/containerd.toml
  until [ -S /run/containerd/containerd.sock ] && ctr -n k8s.io version >/dev/null 2>&1; do sleep 0.05; done
  for archive in "$IMAGES"/*.tar; do
    ctr -n k8s.io images import "$archive" >>"$LOGS/import.log" 2>&1 || echo "import of $archive failed" >>"$LOGS/import.log"
  done
}

start_kubelet() {
  # Imported images cannot be pulled again: nothing may collect them (imageGC…, evictionHard).
  cat > $STATE/kubelet.yaml <<Y
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: false}, x509: {clientCAFile: $PKI/ca.crt}}
authorization: {mode: AlwaysAllow}
cgroupDriver: cgroupfs
cgroupRoot: /kubenode
failCgroupV1: false
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
clusterDNS: [$NODEIP]
clusterDomain: cluster.local
resolvConf: $STATE/resolv.conf
failSwapOn: false
oomScoreAdj: 0
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard: {memory.available: 100Mi, nodefs.available: "0%", nodefs.inodesFree: "0%", imagefs.available: "0%"}
evictionPressureTransitionPeriod: 0s
maxPods: 110
readOnlyPort: 0
volumePluginDir: $STATE/volumeplugins
nodeStatusUpdateFrequency: 10s
Y
  make_cgroups
  start kubelet "$BIN/kubelet" --config=$STATE/kubelet.yaml --kubeconfig="$KCFG/kubelet" --hostname-override=node1 --node-ip=$NODEIP --v=1
}

make_cgroups() {
  local group file
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p /sys/fs/cgroup/kubenode
    tr ' ' '\n' < /sys/fs/cgroup/cgroup.controllers | sed 's/^/+/' | while read -r file; do
      echo "$file" > /sys/fs/cgroup/cgroup.subtree_control
    done 2>/dev/null
    return
  fi
  for group in /sys/fs/cgroup/*/; do [ -e "$group/kubenode" ] || mkdir "$group/kubenode" 2>/dev/null; done
  # A cpuset of version 1 begins empty.
  for file in cpuset.cpus cpuset.mems; do
    [ -f /sys/fs/cgroup/cpuset/$file ] && cat /sys/fs/cgroup/cpuset/$file > /sys/fs/cgroup/cpuset/kubenode/$file
  done
}

# Cluster DNS is a plain process on the node's address: no pod, no Service, no image.
start_dns() {
  cat > $STATE/Corefile <<Y
.:53 {
  bind $NODEIP
  errors
  ready 127.0.0.1:8181
  kubernetes cluster.local in-addr.arpa {
    kubeconfig $KCFG/dns c
    pods insecure
    ttl 1
  }
  forward . $STATE/resolv.conf
}
Y
  start coredns "$BIN/coredns" -conf $STATE/Corefile
}

start_proxy() {
  # conntrack: zeros, so that it leaves the machine's own settings alone.
  cat > $STATE/proxy.yaml <<Y
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: $KCFG/proxy}
mode: nftables
clusterCIDR: $PODNET.0/24
hostnameOverride: node1
bindAddress: 0.0.0.0
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
oomScoreAdj: 0
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
Y
  start proxy "$BIN/kube-proxy" --config=$STATE/proxy.yaml
}

[ "$mode" = bare ] || start_controllers
if [ "$mode" = full ]; then
  sysctl -qw net.ipv4.ip_forward=1
  grep -m1 nameserver /etc/resolv.conf > $STATE/resolv.conf || echo 'nameserver 127.0.0.1' > $STATE/resolv.conf
  start_containerd
  start_kubelet
  start_dns
  start_proxy
fi
while :; do wait -n 2>/dev/null || sleep 0.2; done # reap for ever
