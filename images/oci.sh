#!/bin/bash
# Writes an OCI image archive: oci.sh NAME:TAG OUT.tar CONFIG ROOT…, where CONFIG is the image's config object in JSON
# (Entrypoint, Env, User, WorkingDir) and each ROOT a folder that becomes one layer. Equal files give an equal archive.
# Needs no daemon and no registry. The images are for the tests; build.sh makes those that are published.
set -euo pipefail
name=$1 out=$(realpath -m "$2") config=$3
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
blobs=$work/oci/blobs/sha256
mkdir -p "$blobs" "$(dirname "$out")"

# Moves a file among the blobs and prints its hash.
add_blob() { local hash; hash=$(sha256sum < "$1" | cut -d' ' -f1); mv "$1" "$blobs/$hash"; echo "$hash"; }
size_of() { stat -c %s "$blobs/$1"; }
# Go's name for the architecture, as OCI wants it.
case $(uname -m) in aarch64) arch=arm64 ;; *) arch=amd64 ;; esac

layers='' diffs=''
for root; do
  tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$root" -cf "$work/layer" .
  hash=$(add_blob "$work/layer")
  media=application/vnd.oci.image.layer.v1.tar
  layers+="${layers:+,}{\"mediaType\":\"$media\",\"digest\":\"sha256:$hash\",\"size\":$(size_of "$hash")}"
  diffs+="${diffs:+,}\"sha256:$hash\""
done

printf '{"architecture":"%s","os":"linux","config":%s,"rootfs":{"type":"layers","diff_ids":[%s]}}' \
  "$arch" "$config" "$diffs" > "$work/config"
hash=$(add_blob "$work/config")
media=application/vnd.oci.image.manifest.v1+json
printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%s},"layers":[%s]}' \
  "$media" "$hash" "$(size_of "$hash")" "$layers" > "$work/manifest"
hash=$(add_blob "$work/manifest")
printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s","digest":"sha256:%s","size":%s,"annotations":{"io.containerd.image.name":"%s","org.opencontainers.image.ref.name":"%s"}}]}' \
  "$media" "$hash" "$(size_of "$hash")" "$name" "${name##*:}" > "$work/oci/index.json"
echo '{"imageLayoutVersion":"1.0.0"}' > "$work/oci/oci-layout"
tar --sort=name --mtime=@0 -C "$work/oci" -cf "$work/image" .
mv "$work/image" "$out"
echo "image: $name, $(du -h "$out" | cut -f1)" >&2
