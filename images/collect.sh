#!/bin/bash
# Copies host files or folders into a root file system, with the shared libraries of every program among them:
# collect.sh ROOT PATH[=DESTINATION]…
set -euo pipefail
root=$1
shift

put() { mkdir -p "$(dirname "$root$2")"; cp -aLT "$1" "$root$2"; }

for entry; do
  from=${entry%%=*} to=${entry#*=}
  put "$from" "$to"
  find -L "$from" -type f \( -perm -u+x -o -name '*.so*' -o -name '*.node' \) -print0 | xargs -0 -r ldd 2>/dev/null |
    grep -oE '(=> )?/[^ :]+ \(0x' | sed -E 's/^=> //; s/ \(0x$//' | sort -u |
    while read -r library; do
      [ -e "$root$library" ] || case $library in "$from"*) ;; *) put "$library" "$library" ;; esac
    done || true
done
