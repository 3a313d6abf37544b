#!/bin/bash
# Loads image archives into the running cluster: import.sh FILE.tar…
set -euo pipefail
. "$(dirname "$0")/env.sh"
for archive; do
  nsenter -t "$(cat "$RUN/pid")" -m -n -p ctr -n k8s.io images import "$(realpath "$archive")" >>"$LOGS/import.log" 2>&1 ||
    { tail -3 "$LOGS/import.log" >&2; exit 1; }
done
