#!/bin/bash
# Installs the Debian or Ubuntu packages that a node needs (about 180 MB) and, on Debian, a Chromium for the tests of pages (about
# 300 MB; Ubuntu has it as a snap only, and the tests skip). Says which, and does nothing when they are there. They are the only
# thing that the test cluster puts outside the checkout; remove them with apt-get as usual.
set -euo pipefail

# package:a program or file that shows it is there
NEEDED=(prometheus:promtool containerd:containerd runc:runc containernetworking-plugins:/usr/lib/cni/bridge iptables:iptables
  nftables:nft conntrack:conntrack ethtool:ethtool socat:socat iproute2:ip procps:sysctl openssl:openssl curl:curl)
if grep -qsx 'ID=debian' /etc/os-release; then NEEDED+=(chromium:chromium fonts-liberation:/usr/share/fonts/truetype/liberation); fi

missing=()
for entry in "${NEEDED[@]}"; do
  proof=${entry#*:}
  case $proof in
    /*) [ -e "$proof" ] || missing+=("${entry%%:*}") ;;
    *) PATH=$PATH:/usr/sbin:/sbin command -v "$proof" >/dev/null || missing+=("${entry%%:*}") ;;
  esac
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "cluster: installing ${missing[*]} with apt-get" >&2
command -v apt-get >/dev/null || { echo "cluster: no apt-get here; install these by hand: ${missing[*]}" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "cluster: installing packages needs root" >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
install() { apt-get install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1; }
install || { apt-get update >"$log" 2>&1 && install; } || { tail -20 "$log" >&2; exit 1; }
rm -f "$log"
