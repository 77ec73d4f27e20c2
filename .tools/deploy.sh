#!/usr/bin/env bash
# Writes what is generated below deploy: the layout of the services from the code and the schema, the rest from that.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p deploy
layout=$(mktemp)
trap 'rm -f "$layout"' EXIT
GOWORK='' go run ./services/cmd/layout >"$layout"
cat "$layout" >deploy/layout.json
GOWORK=off go -C .tools run ./deploygen ..
