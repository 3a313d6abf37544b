#!/bin/sh
# Runs the tests: all that need no Kubernetes (`make e2e` runs those), those of a tier (`--tier unit`, `envoy` or `models`; the rule is in
# scripts/tiers.ts), or those of the folders and files given. With --needs before these it runs nothing and prints the highest tier among them. Ends with the line `N passed, N failed`, and with 1 when one failed or
# none ran; the files with failures are then named in .cache/test-failed-files. TEST_CONCURRENCY: test files at a time (default 2:
# most of the slow ones have an Envoy each). TEST_TIMEOUT_MS: of one test and of one file (default ten minutes).
set -u
cd "$(dirname -- "$0")/.."
node=$(scripts/node-path.sh) || exit 1
counts=.cache/test-counts failed=.cache/test-failed-files
mkdir -p .cache

needs=
if [ "${1:-}" = --needs ]; then needs=1; shift; fi
list_tier() { "$node" --disable-warning=ExperimentalWarning scripts/tiers.ts "$@"; }

if [ $# -eq 0 ]; then
  tests=$(list_tier unit envoy models) || exit 1
  # shellcheck disable=SC2086
  set -- $tests
elif [ "$1" = --tier ]; then
  tests=$(list_tier "${2:-}") || exit 1
  # A unit test that starts an Envoy all the same fails, whether or not this machine has one.
  if [ "$2" = unit ]; then
    export ENVOY_BIN=/no/envoy/in/unit/tests
    # Some of them wait. A third of the processor's time was for taking the types off the same files again and again.
    TEST_CONCURRENCY=${TEST_CONCURRENCY:-$(($(getconf _NPROCESSORS_ONLN) + 1))}
    export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$PWD/.cache/compile-tests}"
  fi
  # shellcheck disable=SC2086
  set -- $tests
fi
files=
for place; do
  if [ -d "$place" ]; then
    files="$files $(find "$place" -name '*.test.ts' -not -path '*/node_modules/*' | sort | tr '\n' ' ')"
  else
    files="$files $place"
  fi
done
if [ -z "$(echo "$files" | tr -d ' ')" ]; then
  echo "no test was found in: $*" >&2
  echo '0 passed, 0 failed'
  exit 1
fi

if [ -n "$needs" ]; then
  # shellcheck disable=SC2086
  exec "$node" --disable-warning=ExperimentalWarning scripts/tiers.ts --highest $files
fi

rm -f "$counts" "$failed"
# File names in this tree have no spaces.
# shellcheck disable=SC2086
"$node" --disable-warning=ExperimentalWarning --test \
  --test-concurrency="${TEST_CONCURRENCY:-2}" --test-timeout="${TEST_TIMEOUT_MS:-600000}" \
  --test-reporter=spec --test-reporter-destination=stdout \
  --test-reporter=./scripts/test-counts.ts --test-reporter-destination="$counts" \
  --test-reporter=./scripts/failed-files.ts --test-reporter-destination="$failed" \
  $files
status=$?

if [ ! -s "$counts" ]; then
  echo 'the test runner ended without its counts' >&2
  echo '0 passed, 1 failed' > "$counts"
  [ "$status" -ne 0 ] || status=1
fi
cat "$counts"
case $(cat "$counts") in '0 passed, 0 failed'*) exit 1 ;; esac
exit "$status"
