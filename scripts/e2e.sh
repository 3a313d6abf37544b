#!/bin/bash
# The rings of tests that need Kubernetes: the control plane (etcd and the API server), then a whole cluster, which is brought up
# and taken down unless one is up already. --long: 200 requests a second for two minutes in each test under load, for the
# numbers of the docs; they stand in .cache/e2e-long.log.
set -u
cd "$(dirname -- "${BASH_SOURCE[0]}")/.." || exit 1

scripts/setup.sh --models && e2e/kube/packages.sh && e2e/kube/build.sh --kwok && images/build-oci.sh || exit 1

export SIDEGRAPH_CLUSTER=1 TEST_CONCURRENCY=1 TEST_TIMEOUT_MS=${TEST_TIMEOUT_MS:-1500000}
log=/dev/null
if [ "${1:-}" = --long ]; then
  export SIDEGRAPH_LOAD_RATE=${SIDEGRAPH_LOAD_RATE:-200} SIDEGRAPH_LOAD_SECONDS=${SIDEGRAPH_LOAD_SECONDS:-120}
  export TEST_TIMEOUT_MS=7200000
  log=.cache/e2e-long.log
fi

# 3: one is up already; its images are brought up to this tree, and it stays.
e2e/kube/up.sh full
case $? in
  0) trap e2e/kube/down.sh EXIT ;;
  3) e2e/cluster/refresh.sh || exit 1 ;;
  *) exit 1 ;;
esac
trap 'exit 130' INT TERM
scripts/test.sh ${E2E_TESTS:-e2e/control-plane e2e/cluster} 2>&1 | tee "$log"
exit "${PIPESTATUS[0]}"
