#!/bin/bash
# Ends the cluster that up.sh of this checkout began: its first process goes, and with it every process, mount, interface and
# firewall rule of its namespaces; then what is left outside: the veth, the cgroups and a few kernel settings.
set -u
. "$(dirname "$0")/env.sh"
[ -e "$RUN/pid" ] || exit 0
pid=$(cat "$RUN/pid")
# Process ids are used again: only ours runs node.sh.
if grep -qs node.sh "/proc/$pid/cmdline"; then
  kill -9 "$pid"
  for _ in $(seq 500); do
    [ -d "/proc/$pid" ] || break
    sleep 0.02
  done
fi
ip link del kubehost0 2>/dev/null

# Cgroups outlive namespaces: the deepest first, again while their last tasks are dying.
for _ in $(seq 50); do
  left=
  for group in /sys/fs/cgroup/kubenode /sys/fs/cgroup/*/kubenode; do
    [ -d "$group" ] || continue
    find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
    [ -d "$group" ] && left=1
  done
  [ -z "$left" ] && break
  sleep 0.1
done
[ ! -s "$RUN/sysctls" ] || sysctl -q -p "$RUN/sysctls" 2>/dev/null
[ ! -s "$RUN/folders" ] || xargs rmdir < "$RUN/folders" 2>/dev/null
rm -f "$RUN/pid"
echo 'cluster: down' >&2
