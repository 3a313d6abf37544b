#!/bin/sh
# Types, format and lint of the whole tree, its own rules (which room may import which, one meaning for each name, and so on), and whether
# the pages say what the code says. Runs all of them even when one fails, so that one run shows everything.
set -u
cd "$(dirname -- "$0")/.."
node=$(scripts/node-path.sh) || exit 1
PATH=$(dirname -- "$node"):$PWD/node_modules/.bin:$PATH
failed=

run() {
  name=$1; shift
  echo "check: $name"
  "$@" || failed="$failed $name"
}

run types tsc -p .
run format biome format .
run lint oxlint --type-aware
run rules node --test --test-reporter=dot checks/absence.test.ts checks/built-ins.test.ts checks/dashboards.test.ts checks/dialects.test.ts \
  checks/layering.test.ts checks/names.test.ts checks/results.test.ts checks/versions.test.ts checks/wire-names.test.ts \
  scripts/regex/linear.test.ts
run pages node --test --test-reporter=dot scripts/docs/docs.test.ts scripts/docs/pages.test.ts

if [ -n "$failed" ]; then
  echo "check: failed:$failed" >&2
  exit 1
fi
echo 'check: all green'
