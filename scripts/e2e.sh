#!/bin/bash
# The rings of tests that need Kubernetes: the control plane (etcd and the API server), many deployments with simulated pods, then
# a whole cluster, which is brought up and taken down unless one is up already. A file with a failure runs once more, alone, and it
# is said: requests and pods share two cores here, and a test that needs a second run is one to look at, not a broken build.
# --long: 200 requests a second for two minutes in each test under load, 40 manifests of others instead of 12, then the measurements: the
# numbers of the docs, which are in .cache/e2e-long.log. E2E_TESTS: other files and folders than all. Ends with the line `N passed, N failed`, which is
# in .cache/e2e-counts too.
set -u
cd "$(dirname -- "${BASH_SOURCE[0]}")/.." || exit 1
. scripts/test-results.sh
counts=.cache/e2e-counts
rm -f "$counts"

scripts/setup.sh --models && e2e/kube/packages.sh && e2e/kube/build.sh --kwok && e2e/otel/build.sh && images/build-oci.sh || exit 1

export SIDEGRAPH_CLUSTER=1 TEST_CONCURRENCY=1 TEST_TIMEOUT_MS=${TEST_TIMEOUT_MS:-1500000}
tests=${E2E_TESTS:-e2e/control-plane e2e/scale e2e/cluster e2e/data-plane/traces.test.ts e2e/data-plane/live-page.test.ts}
log=/dev/null long=
if [ "${1:-}" = --long ]; then
  long=1
  export SIDEGRAPH_LOAD_RATE=${SIDEGRAPH_LOAD_RATE:-200} SIDEGRAPH_LOAD_SECONDS=${SIDEGRAPH_LOAD_SECONDS:-120}
  export SIDEGRAPH_MANIFEST_SAMPLE=${SIDEGRAPH_MANIFEST_SAMPLE:-40}
  export TEST_TIMEOUT_MS=7200000
  log=.cache/e2e-long.log
fi

# 3: one is up already; its images are brought up to this tree, and it stays.
own=
e2e/kube/up.sh full
case $? in
  0) own=1; trap e2e/kube/down.sh EXIT ;;
  3) e2e/cluster/refresh.sh || exit 1 ;;
  *) exit 1 ;;
esac
trap 'exit 130' INT TERM

# The names have no spaces.
# shellcheck disable=SC2086
run_rings() {
  scripts/test.sh $tests
  run_failed_again $? "$counts"
}

: > "$log"
run_rings 2>&1 | tee -a "$log"
status=${PIPESTATUS[0]}

if [ -n "$long" ]; then
  set -o pipefail
  node="$(scripts/node-path.sh) --disable-warning=ExperimentalWarning"
  $node bench/cluster.ts 2>&1 | tee -a "$log" || status=1
  [ -z "$own" ] || e2e/kube/down.sh
  $node bench/scale/scale.ts 2>&1 | tee -a "$log" || status=1
fi
exit "$status"
