#!/bin/bash
# Brings this tree's code into a cluster that is up: builds the images that changed, loads them and restarts what runs them.
set -euo pipefail
cd "$(dirname "$0")/../.."
images/build-oci.sh sidegraph
e2e/kube/import.sh .cache/kube/images/sidegraph.tar
export KUBECONFIG=$PWD/.cache/kube/run/kubeconfig/admin
kubectl=.cache/kube/bin/kubectl
for name in operator admission gateway; do
  if $kubectl get deployment -n sidegraph-system "sidegraph-$name" >/dev/null 2>&1; then
    $kubectl rollout restart -n sidegraph-system "deployment/sidegraph-$name"
  fi
done
