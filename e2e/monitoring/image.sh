#!/bin/bash
# One image, localhost/prometheus:1, of Prometheus, the Prometheus operator and its config reloader (e2e/kube/build.sh --kwok), into
# .cache/kube/monitoring/prometheus.tar; made anew when one of them changed. Only the test that needs it loads it.
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=.cache/kube/bin
programs=($bin/prometheus-server $bin/prometheus-operator $bin/prometheus-config-reloader)
out=.cache/kube/monitoring inputs=$(cat "$0" "${programs[@]}" | cksum)
[ "$(cat "$out/inputs" 2>/dev/null)" != "$inputs" ] || exit 0
mkdir -p "$out"
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{tmp,etc,prometheus}
chmod 1777 "$root/tmp"
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
# The names that the operator starts them by; where it names none, the image is Prometheus.
images/collect.sh "$root" "${programs[0]}=/bin/prometheus" "${programs[1]}=/bin/operator" "${programs[2]}=/bin/prometheus-config-reloader"
images/oci.sh localhost/prometheus:1 "$out/prometheus.tar" '{"Entrypoint":["/bin/prometheus"],"WorkingDir":"/prometheus","User":"65534"}' "$root"
echo "$inputs" > "$out/inputs"
