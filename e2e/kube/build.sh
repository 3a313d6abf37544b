#!/bin/bash
# Builds what the test cluster runs, from the Go module proxy alone, into .cache/kube/bin: one program for all of
# Kubernetes, etcd and kubectl (it runs what it is called as), CoreDNS, helm, kwok, Prometheus and its operator; and the pause program.
# A build takes 5 to 14 minutes on two cores; it is skipped while bin/ fits this folder. Needs Go 1.24 or later.
set -euo pipefail
. "$(dirname "$0")/env.sh"
KUBERNETES=v1.34.4 HELM=v3.22.0 KWOK=v0.7.0 PROMETHEUS=v0.305.0 PROMETHEUS_OPERATOR=v0.85.0 # v0.305.0: Prometheus 3.5.0
# The definitions of others' kinds that the operator can make objects of: module, and its files.
DEFINITIONS="
github.com/kedacore/keda/v2@v2.17.2 config/crd/bases/keda.sh_scaledobjects.yaml
istio.io/api@v1.26.4 kubernetes/customresourcedefinitions.gen.yaml
sigs.k8s.io/gateway-api@v1.3.0 config/crd/standard/gateway.networking.k8s.io_httproutes.yaml
sigs.k8s.io/gateway-api@v1.3.0 config/crd/standard/gateway.networking.k8s.io_grpcroutes.yaml
github.com/cert-manager/cert-manager@v1.18.2 deploy/crds/crd-certificates.yaml
github.com/cert-manager/cert-manager@v1.18.2 deploy/crds/crd-issuers.yaml
"
stamps=$CACHE/stamps
mkdir -p "$BIN" "$stamps"

say() { echo "cluster: $*" >&2; }
is_fresh() { [ -e "$BIN/$1" ] && [ "$(cat "$stamps/$1" 2>/dev/null)" = "$2" ]; }
stamp_of() { { echo "$1"; shift; cat "$@" /dev/null; } | cksum | tr ' ' -; }

# step PROGRAM STAMP TEXT COMMAND…: runs the command unless the program is there with that stamp.
step() {
  local name=$1 stamp=$2 text=$3 begin=$SECONDS; shift 3
  is_fresh "$name" "$stamp" && return 0
  say "building $text"
  # Go tells each of its 283 modules; what else it says is kept.
  "$@" 2> >(grep -v '^go: downloading ' >&2)
  echo "$stamp" > "$stamps/$name"
  say "built in $((SECONDS - begin)) s"
}

# Go's own caches (3.5 GB) go where GOCACHE and GOMODCACHE say, else into the checkout and away again when all is built.
own_caches=
prepare_go() {
  command -v go >/dev/null || { say "Go was not found: install Go 1.24 or later"; exit 1; }
  export CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-modcacherw
  if [ -z "${GOCACHE:-}${GOMODCACHE:-}" ]; then
    own_caches=$CACHE/go
    export GOCACHE=$CACHE/go/build GOMODCACHE=$CACHE/go/modules
  fi
}

build_kube() {
  local v=k8s.io/component-base/version m=${KUBERNETES#v1.}
  # Unstamped, the API server calls itself v0.0.0-master, and a chart's kubeVersion would refuse it.
  local flags="-s -w -X $v.gitVersion=$KUBERNETES -X $v.gitMajor=1 -X $v.gitMinor=${m%%.*} -X $v.gitTreeState=clean \
    -X $v.gitCommit=module -X $v.buildDate=1970-01-01T00:00:00Z"
  mkdir -p "$CACHE/out"
  (cd "$KUBE_HERE/program" &&
    nice -n 5 go build -mod=readonly -gcflags=all=-dwarf=false -ldflags "$flags" -o "$CACHE/out/" . ./coredns)
  mv -f "$CACHE/out/kube" "$CACHE/out/coredns" "$BIN/"
  # Not `name`: that is the caller's, who writes the stamp under it.
  local link
  for link in kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy etcd kubectl; do
    ln -sf kube "$BIN/$link"
  done
}

install_program() { GOBIN=$BIN nice -n 5 go install -ldflags '-s -w' "$1"; }
fetch_definitions() {
  local module file dir
  rm -rf "$CACHE/definitions.new" && mkdir -p "$CACHE/definitions.new"
  while read -r module file; do
    [ -n "$module" ] || continue
    dir=$(go mod download -json "$module" | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p')
    cp "$dir/$file" "$CACHE/definitions.new/"
  done <<< "$DEFINITIONS"
  chmod -R u+w "$CACHE/definitions.new"
  rm -rf "$CACHE/definitions" && mv "$CACHE/definitions.new" "$CACHE/definitions"
  touch "$BIN/definitions"
}
# With what reloads Prometheus for it, and its definitions. It cannot be installed by its path: its module replaces others, which a requirement of
# it does not.
build_prometheus_operator() {
  local module=github.com/prometheus-operator/prometheus-operator program=$CACHE/out/prometheus-operator definitions=$CACHE/prometheus-definitions dir
  rm -rf "$program" "$definitions" && mkdir -p "$program" "$definitions"
  (cd "$program" && printf 'module prometheus-operator\n\ngo 1.24.0\n' > go.mod &&
    go get "$module/cmd/operator@$1" "$module/cmd/prometheus-config-reloader@$1" 2> >(grep -v '^go: added ' >&2) &&
    nice -n 5 go build -gcflags=all=-dwarf=false -ldflags '-s -w' -o "$program/" "$module/cmd/operator" "$module/cmd/prometheus-config-reloader")
  dir=$(cd "$program" && go list -m -f '{{.Dir}}' "$module")
  cp "$dir"/example/prometheus-operator-crd/*.yaml "$definitions/" && chmod u+w "$definitions"/*
  mv -f "$program/prometheus-config-reloader" "$BIN/"
  mv -f "$program/operator" "$BIN/prometheus-operator"
  rm -rf "$program"
}
# Debian's Prometheus finds no pods: it is built without Kubernetes' discovery. Of all others none is built here.
build_prometheus() {
  local module=github.com/prometheus/prometheus source=$CACHE/out/prometheus dir
  dir=$(go mod download -json "$module@$1" | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p')
  rm -rf "$source" && mkdir -p "$CACHE/out" && cp -r "$dir" "$source" && chmod -R u+w "$source"
  printf 'package plugins\n\nimport _ "%s/discovery/kubernetes"\n' "$module" > "$source/plugins/plugins.go"
  (cd "$source" && nice -n 5 go build -gcflags=all=-dwarf=false -ldflags '-s -w' -o "$CACHE/out/prometheus-server" ./cmd/prometheus)
  mv -f "$CACHE/out/prometheus-server" "$BIN/"
  rm -rf "$source"
}
build_pause() { gcc -Os -static -s "$KUBE_HERE/pause.c" -o "$BIN/pause"; }

prepare_go
step kube "$(stamp_of "$KUBERNETES" "$KUBE_HERE"/program/go.* "$KUBE_HERE"/program/*.go "$KUBE_HERE"/program/coredns/*.go)" \
  "Kubernetes $KUBERNETES, etcd and CoreDNS (5 to 14 minutes, once)" build_kube
step helm "$HELM" "helm $HELM (2 minutes, once)" install_program "helm.sh/helm/v3/cmd/helm@$HELM"
if [ "${1:-}" = --kwok ]; then
  step kwok "$KWOK" "kwok $KWOK (2 minutes, once)" install_program "sigs.k8s.io/kwok/cmd/kwok@$KWOK"
  step prometheus-server "$PROMETHEUS" "Prometheus 3.5.0 (3 to 8 minutes, once)" build_prometheus "$PROMETHEUS"
  step prometheus-operator "$PROMETHEUS_OPERATOR" "the Prometheus operator $PROMETHEUS_OPERATOR (3 to 8 minutes, once)" build_prometheus_operator "$PROMETHEUS_OPERATOR"
fi
step definitions "$(stamp_of "$DEFINITIONS")" "the definitions of KEDA's, Istio's, the Gateway API's and cert-manager's kinds" fetch_definitions
step pause "$(stamp_of pause "$KUBE_HERE/pause.c")" 'the pause program' build_pause
[ -z "$own_caches" ] || rm -rf "$own_caches"
