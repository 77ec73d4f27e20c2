#!/usr/bin/env bash
# Compares the schema with the last landed one: that of origin/main, or of the commit before when that is this one.
set -euo pipefail
cd "$(dirname "$0")/.."

commit() { git rev-parse --quiet --verify "$1^{commit}" || true; }
base=$(commit origin/main)
if [ -z "$base" ] || [ "$base" = "$(commit HEAD)" ]; then base=$(commit HEAD~1); fi
if [ -z "$base" ]; then
  echo "lint:breaking: no landed schema to compare with"
  exit 0
fi
if ! git cat-file -e "$base:buf.yaml" 2>/dev/null || ! git cat-file -e "$base:proto" 2>/dev/null; then
  echo "lint:breaking: $(git rev-parse --short "$base") has no schema to compare with"
  exit 0
fi

old=$(mktemp -d)
trap 'rm -rf "$old"' EXIT
git archive "$base" buf.yaml proto | tar --extract --directory="$old"
# Git does not have the schema that ours imports.
mkdir "$old/.tools"
cp -R .tools/third_party "$old/.tools/"
.tools/node_modules/.bin/buf breaking --against "$old"
echo "nothing breaks clients of $(git log -1 --format='%h (%s)' "$base")"
