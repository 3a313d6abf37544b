#!/bin/bash
# Makes what the parts of the cluster know each other by, for tests only: one CA, a serving certificate, two client
# certificates, the key of service account tokens, static tokens and the kubeconfigs that hold them.
set -euo pipefail
. "$(dirname "$0")/env.sh"
mkdir -p "$PKI" "$KCFG"
cd "$PKI"

new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }

# certificate NAME SUBJECT EXTENSIONS
certificate() {
  new_key "$1.key"
  openssl req -new -key "$1.key" -subj "$2" |
    openssl x509 -req -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -extfile <(printf '%b' "$3") -out "$1.crt" 2>/dev/null
}

# kubeconfig NAME USER GROUP: a static token, and the file that a client of that name is given.
kubeconfig() {
  local token
  token=$(openssl rand -hex 16)
  echo "$token,$2,$1,\"$3\"" >> tokens.csv
  cat > "$KCFG/$1" <<Y
apiVersion: v1
kind: Config
current-context: c
clusters: [{name: c, cluster: {server: "https://$NODEIP:6443", certificate-authority-data: $(base64 -w0 ca.crt)}}]
users: [{name: u, user: {token: $token}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
Y
}

new_key ca.key
openssl req -x509 -new -key ca.key -subj /CN=test-ca -days 3650 -out ca.crt
names="IP:127.0.0.1,IP:$NODEIP,IP:$SVCNET.1,DNS:localhost"
names+=,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local
certificate apiserver /CN=kube-apiserver "subjectAltName=$names\nextendedKeyUsage=serverAuth"
certificate kubelet-client /O=system:masters/CN=apiserver-kubelet-client extendedKeyUsage=clientAuth
certificate front-proxy /CN=front-proxy extendedKeyUsage=clientAuth
new_key sa.key
openssl pkey -in sa.key -pubout -out sa.pub
: > tokens.csv
kubeconfig admin admin system:masters
kubeconfig kubelet system:node:node1 system:nodes
kubeconfig controller-manager system:kube-controller-manager ''
kubeconfig scheduler system:kube-scheduler ''
kubeconfig proxy system:kube-proxy ''
kubeconfig dns dns system:masters
