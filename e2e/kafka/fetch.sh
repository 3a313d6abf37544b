#!/bin/sh
# Fetches a Kafka broker and its command-line tools from Maven Central into .cache/kafka, as the versions in pom.xml say. Needs Java 17 or
# later and Maven; about a minute the first time (60 MB), nothing the second.
set -eu
cd "$(dirname -- "$0")/../.."
out=.cache/kafka stamp=$(cksum <e2e/kafka/pom.xml)
[ "$(cat "$out/stamp" 2>/dev/null)" = "$stamp" ] && exit 0
for program in java mvn; do
  command -v "$program" >/dev/null || { echo "kafka: $program was not found; install Java 17 or later and Maven" >&2; exit 1; }
done
echo 'kafka: fetching the broker (about a minute)'
rm -rf "$out"
mkdir -p "$out"
mvn --batch-mode --quiet --file e2e/kafka/pom.xml dependency:copy-dependencies \
  -DincludeScope=runtime -DoutputDirectory="$PWD/$out/libs" >"$out/fetch.log" 2>&1 || { tail -20 "$out/fetch.log"; exit 1; }
echo "$stamp" >"$out/stamp"
