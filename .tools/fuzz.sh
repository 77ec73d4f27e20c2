#!/usr/bin/env bash
# Runs every fuzz target of the services for so long each, one after another, and fails on the first finding.
#
#   .tools/fuzz.sh 60s [NAME...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for=${1:?how long, such as 60s}
shift
while IFS=: read -r file line; do
  target=${line#func }
  if [ $# -gt 0 ] && [[ " $* " != *" $target "* ]]; then
    continue
  fi
  echo "--- $target in $(dirname "$file") for $for"
  GOWORK='' go test -run '^$' -fuzz "^$target\$" -fuzztime "$for" "./$(dirname "$file")"
done < <(grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' services | sort)
