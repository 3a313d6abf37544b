#!/bin/sh
# Builds OpenTelemetry's collector with the two parts that the tests of traces need, into .cache/otelcol: a receiver of OTLP and an
# exporter to a file. Needs Go; two minutes the first time, nothing the second.
set -eu
cd "$(dirname -- "$0")/../.."
version=v0.161.0
out=$PWD/.cache/otelcol
[ "$(cat "$out/version" 2>/dev/null)" = "$version" ] && [ -x "$out/otelcol" ] && exit 0
mkdir -p "$out"
echo "otel: building the collector $version"
cat >"$out/build.yaml" <<END
dist: {name: otelcol, output_path: $out/source, module: sidegraph/otelcol}
receivers: [{gomod: go.opentelemetry.io/collector/receiver/otlpreceiver $version}]
exporters: [{gomod: github.com/open-telemetry/opentelemetry-collector-contrib/exporter/fileexporter $version}]
END
GOBIN=$out/bin go install "go.opentelemetry.io/collector/cmd/builder@$version"
CGO_ENABLED=0 "$out/bin/builder" --config "$out/build.yaml" >"$out/build.log" 2>&1 || { tail -20 "$out/build.log"; exit 1; }
mv "$out/source/otelcol" "$out/otelcol"
rm -rf "$out/source" "$out/bin"
echo "$version" >"$out/version"
