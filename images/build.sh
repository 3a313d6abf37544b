#!/bin/sh
# Builds the two images with docker, podman or buildah, whichever is there, and pushes them with --push:
#   images/build.sh --registry registry.example.com/team [--tag 0.1.0] [--push]
# The chart finds them there with images.registry=registry.example.com/team.
set -eu
cd "$(dirname -- "$0")/.."
registry= tag=$(sed -n 's/^appVersion: *//p' charts/sidegraph/Chart.yaml) push=
while [ $# -gt 0 ]; do
  case $1 in
    --registry) registry=${2:?--registry needs a value}/; shift 2 ;;
    --tag) tag=${2:?--tag needs a value}; shift 2 ;;
    --push) push=1; shift ;;
    *) sed -n '2,4s/^# //p' "$0" >&2; exit 2 ;;
  esac
done

for candidate in ${CONTAINER_ENGINE:-docker podman buildah}; do
  # A client without its daemon does not count.
  if command -v "$candidate" >/dev/null && "$candidate" info >/dev/null 2>&1; then engine=$candidate; break; fi
done
if [ -z "${engine:-}" ]; then
  echo 'images: no docker, podman or buildah answers (images/build-oci.sh builds for the test cluster without one)' >&2
  exit 1
fi

# A context of what the images need, out of git's sight of node_modules and caches.
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
tar -c --exclude=node_modules package.json package-lock.json .npmrc cli envoy extproc graph operator proto images | tar -x -C "$context"

for image in envoy sidegraph; do
  name=${registry}sidegraph/$image:$tag
  "$engine" build -t "$name" -f "$context/images/Containerfile.$image" "$context"
  if [ -n "$push" ]; then "$engine" push "$name"; fi
  echo "images: $name"
done
