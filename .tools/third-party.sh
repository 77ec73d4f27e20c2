#!/usr/bin/env bash
# Copies the .proto files that the schema imports from the Go module cache into a folder that git ignores, so that
# buf finds them without a registry of its own. Versions are pinned here and nowhere else.
set -euo pipefail
cd "$(dirname "$0")"

module_dir() { GOWORK=off GOFLAGS=-mod=mod go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p'; }

out=third_party
rm -rf "$out" && mkdir -p "$out/buf/validate" "$out/google/api"
cp "$(module_dir github.com/bufbuild/protovalidate@v1.2.2)/proto/protovalidate/buf/validate/validate.proto" "$out/buf/validate/"
googleapis=$(module_dir github.com/gogo/googleapis@v1.4.1)
cp "$googleapis/google/api/annotations.proto" "$googleapis/google/api/http.proto" "$out/google/api/"
chmod -R u+w "$out"
