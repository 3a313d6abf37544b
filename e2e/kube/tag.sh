#!/bin/bash
# Gives an image of the running cluster another name: tag.sh NAME OTHER
set -euo pipefail
. "$(dirname "$0")/env.sh"
nsenter -t "$(cat "$RUN/pid")" -m -n -p ctr -n k8s.io images tag --force "$1" "$2" >>"$LOGS/import.log" 2>&1 ||
  { tail -3 "$LOGS/import.log" >&2; exit 1; }
