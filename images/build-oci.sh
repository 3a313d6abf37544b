#!/bin/bash
# Builds the images without a container engine, from files of this machine, into .cache/kube/images for the test cluster:
# build-oci.sh [pause|envoy|sidegraph|model|stand-in …] (all of them). An image is skipped while its inputs are as they were.
#   localhost/pause:1           holds a pod's namespaces
#   localhost/sidegraph-envoy:1 the Envoy binary alone
#   localhost/sidegraph:1       Node 24 and this tree without its tests
#   localhost/seldon-model:1    Seldon's Python wrapper and the examples' models, as MODEL_NAME and SERVICE_TYPE say
#   localhost/stand-in:1        Node 24 and e2e/stand-in, which behaves as other people's images (e2e/cluster/harness/stand-ins.ts names it)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/.."
out=${IMAGES:-.cache/kube/images} stamps=.cache/kube/stamps
mkdir -p "$out" "$stamps"
roots=$(mktemp -d)
trap 'rm -rf "$roots"' EXIT
FOLDERS='lib graph dialects envoy extproc cluster sidecar gateway operator cli proto'

# A root file system as programs expect one: users, name service, a writable /tmp.
new_root() {
  local root=$roots/$1
  mkdir -p "$root"/{tmp,etc,proc,sys,dev,run,var/tmp}
  chmod 1777 "$root/tmp"
  printf 'root:x:0:0:root:/root:/bin/sh\nnonroot:x:65532:65532:nonroot:/:/bin/false\n' > "$root/etc/passwd"
  printf 'root:x:0:\nnonroot:x:65532:\n' > "$root/etc/group"
  echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
  echo "$root"
}

# The names and contents of files, as a short text.
fingerprint() { find "$@" -type f -not -name '*.test.ts' -not -path '*/testdata/*' -print0 2>/dev/null | sort -z | xargs -0 cksum | cksum; }
is_fresh() { [ -e "$out/$1.tar" ] && [ "$(cat "$stamps/image-$1" 2>/dev/null)" = "$2" ]; }
# image NAME INPUTS: runs pack_NAME unless its image is there with those inputs.
image() {
  local inputs="$2 $(cksum < "$here/build-oci.sh")"
  is_fresh "$1" "$inputs" && return 0
  "pack_$1"
  echo "$inputs" > "$stamps/image-$1"
}

pack_pause() {
  local root=$roots/pause
  "$here/collect.sh" "$root" "$PWD/.cache/kube/bin/pause=/pause"
  "$here/oci.sh" localhost/pause:1 "$out/pause.tar" '{"Entrypoint":["/pause"]}' "$root"
}

envoy_binary() { readlink -f "${ENVOY_BIN:-$( [ -x .venv/bin/envoy ] && echo .venv/bin/envoy || command -v envoy)}"; }
pack_envoy() {
  local root
  root=$(new_root envoy)
  "$here/collect.sh" "$root" "$(envoy_binary)=/usr/local/bin/envoy"
  "$here/oci.sh" localhost/sidegraph-envoy:1 "$out/envoy.tar" '{"Entrypoint":["/usr/local/bin/envoy"],"User":"65532:65532"}' "$root"
}

# What `npm ci --omit=dev --omit=optional` would install, out of what is installed.
production_packages() {
  npm ls --omit=dev --omit=optional --all --parseable 2>/dev/null | sed -n "s|^$PWD/||p" | sort -u
}
# Compiles in the image's own file system what its processes load, as the user that runs them: the cache is bound to both.
warm_cache() {
  local merged=$roots/merged layer code=$3
  [ "$(id -u)" = 0 ] || { echo 'image: without root its compile cache stays empty, and processes start slower' >&2; return 0; }
  mkdir "$merged"
  for layer in "$@"; do cp -al "$layer/." "$merged/"; done
  cp "$here/warm-cache.mjs" "$merged/tmp/"
  mkdir -p "$merged/app/.cache/compile"
  chmod 777 "$merged/app/.cache/compile"
  env -i "$(PATH=$PATH:/usr/sbin:/sbin command -v chroot)" --userspec=65532:65532 "$merged" /usr/local/bin/node --disable-warning=ExperimentalWarning \
    --import=/app/lib/runtime/compile-cache.mjs /tmp/warm-cache.mjs
  mkdir "$code/app/.cache"
  cp -a "$merged/app/.cache/compile" "$code/app/.cache/"
}
# Two layers, Node and packages, in folders `node` and `packages` of $roots; equal in every image that has them, so that a node stores them once.
node_layers() {
  local base=$roots/node packages=$roots/packages
  [ ! -e "$base" ] || return 0
  new_root node > /dev/null
  "$here/collect.sh" "$base" "$(scripts/node-path.sh)=/usr/local/bin/node"
  # getaddrinfo loads these by name.
  for library in /lib/*-linux-gnu/libnss_dns.so.2 /lib/*-linux-gnu/libresolv.so.2; do
    [ ! -e "$library" ] || "$here/collect.sh" "$base" "$library=$library"
  done
  mkdir -p "$packages/app"
  production_packages | while read -r package; do
    tar -c --exclude='*.md' --exclude='*.map' --exclude='*.d.ts' --exclude='*.d.cts' --exclude='*.d.mts' "$package"
  done | tar -xi -C "$packages/app"
}
pack_sidegraph() {
  local base=$roots/node code=$roots/code packages=$roots/packages
  node_layers
  mkdir -p "$code/app"
  # shellcheck disable=SC2086
  find $(ls -d $FOLDERS 2>/dev/null) -type f -not -name '*.test.ts' -not -path '*/testdata/*' -not -path '*/testing/*' -print0 | tar -c --null -T - | tar -x -C "$code/app"
  cp package.json "$code/app/"
  warm_cache "$base" "$packages" "$code"
  "$here/oci.sh" localhost/sidegraph:1 "$out/sidegraph.tar" \
    '{"Entrypoint":["/usr/local/bin/node","--disable-warning=ExperimentalWarning","--max-semi-space-size=1","--v8-pool-size=1","--import=/app/lib/runtime/compile-cache.mjs","cli/main.ts"],"WorkingDir":"/app","User":"65532:65532","Env":["PATH=/usr/local/bin:/usr/bin:/bin","NODE_ENV=production","MALLOC_ARENA_MAX=1"]}' \
    "$base" "$packages" "$code"
}

# Real images start their programs by these names, and manifests call them so.
pack_stand-in() {
  local code=$roots/stand-in program
  node_layers
  mkdir -p "$code"/{app/e2e,usr/bin,usr/local/bin}
  cp -r e2e/stand-in "$code/app/e2e/"
  cp -r proto "$code/app/"
  find "$code/app" -name '*.test.ts' -delete
  cp package.json "$code/app/"
  for program in usr/bin/tensorflow_model_server=tensorflow usr/local/bin/seldon-core-microservice=seldon; do
    printf '#!/usr/local/bin/node\nprocess.argv.splice(2, 0, "%s");\nimport("/app/e2e/stand-in/main.ts");\n' "${program#*=}" > "$code/${program%=*}"
    chmod 755 "$code/${program%=*}"
  done
  "$here/oci.sh" localhost/stand-in:1 "$out/stand-in.tar" \
    '{"Entrypoint":["/usr/local/bin/node","--disable-warning=ExperimentalWarning","/app/e2e/stand-in/main.ts"],"User":"8888","Env":["PATH=/usr/local/bin:/usr/bin:/bin","MALLOC_ARENA_MAX=1"]}' \
    "$roots/node" "$roots/packages" "$code"
}

# Python and the wrapper without tests, headers and installers: 700 MB become 250. As in Seldon's own images the class
# and its kind come from the environment, and /bin/sh and /bin/sleep are there for preStop hooks.
pack_model() {
  local root python library site
  root=$(new_root model)
  python=$(readlink -f .venv-models/bin/python)
  library=$(.venv-models/bin/python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
  site=$(.venv-models/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  mkdir -p "$root$library" "$root/packages" "$root/seldon/examples/models" "$root/seldon/.cache"
  tar -c -C "$library" --exclude=./test --exclude=./site-packages --exclude=./idlelib --exclude=./ensurepip --exclude=./tkinter \
    --exclude=./lib2to3 --exclude=./turtledemo --exclude='./config-*' --exclude=__pycache__ --exclude=tests . | tar -x -C "$root$library"
  tar -c -C "$site" --exclude=tests --exclude=__pycache__ --exclude='./pip*' --exclude='*.pyx' --exclude='*.h' --exclude='*.pyi' . | tar -x -C "$root/packages"
  # setuptools and scikit-learn import their own `tests` and `testing` in part: what is needed is seen when the wrapper is loaded below.
  "$here/collect.sh" "$root" "$python=$python" /bin/sh=/bin/sh /bin/sleep=/bin/sleep
  find "$root" -name '*.so*' -type f -print0 | xargs -0 ldd 2>/dev/null | grep -oE '=> /(usr/)?lib[^ ]+' | sed 's/=> //' | sort -u |
    while read -r file; do [ -e "$root$file" ] || { mkdir -p "$root$(dirname "$file")"; cp -L "$file" "$root$file"; }; done
  # The components look for their trained models two folders up, as in the checkout.
  cp examples/models/*.py "$root/seldon/examples/models/"
  rm -f "$root/seldon/examples/models/train.py"
  cp -r .cache/models "$root/seldon/.cache/models"
  "$here/oci.sh" localhost/seldon-model:1 "$out/model.tar" \
    "{\"Entrypoint\":[\"/bin/sh\",\"-c\",\"exec $python -m seldon_core.microservice \$MODEL_NAME --service-type \$SERVICE_TYPE --grpc-threads 4 --log-level ERROR\"],\"WorkingDir\":\"/seldon/examples/models\",\"User\":\"8888\",\"Env\":[\"PATH=/usr/local/bin:/usr/bin:/bin\",\"PYTHONPATH=/packages\",\"PYTHONDONTWRITEBYTECODE=1\",\"PYTHONWARNINGS=ignore\",\"OMP_NUM_THREADS=1\",\"OPENBLAS_NUM_THREADS=1\"]}" \
    "$root"
}

for name in "${@:-all}"; do
  case $name in all) set -- pause envoy sidegraph model stand-in ;; esac
done
for name; do
  case $name in
    pause) image pause "$(cksum < .cache/kube/bin/pause)" ;;
    envoy) image envoy "$(stat -L -c '%n %s' "$(envoy_binary)")" ;;
    # shellcheck disable=SC2086
    sidegraph) image sidegraph "$(fingerprint $FOLDERS package.json package-lock.json images/warm-cache.mjs)" ;;
    stand-in) image stand-in "$(fingerprint e2e/stand-in proto package.json package-lock.json)" ;;
    model) image model "$(fingerprint examples/models .cache/models)" ;;
    *) echo "image: unknown: $name" >&2; exit 2 ;;
  esac
done
