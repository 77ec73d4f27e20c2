#!/usr/bin/env bash
# Runs buf's plugins into a temporary folder and, when all went well, puts the result in place of the old one: a failed
# run changes nothing, and what the schema no longer has is gone.
set -euo pipefail
cd "$(dirname "$0")/.."

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

.tools/node_modules/.bin/buf generate --output "$out"
rm -rf gen/pulse gen/ts gen/openapi sdk/*.gen.go
cp -R "$out"/. .
