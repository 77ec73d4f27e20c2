#!/usr/bin/env bash
# Writes what the program in the image is made of, as CycloneDX, from the program itself, and compares it with what Go says.
#
#   deploy/docker/sbom.sh FILE [VERSION]
set -euo pipefail
cd "$(dirname "$0")/../.."
file=${1:?usage: sbom.sh FILE [VERSION]}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# Built as the image is but for what has no bearing on modules.
GOWORK='' CGO_ENABLED=0 go build -buildvcs=false -o "$dir/pulse" ./services/cmd/pulse
GOWORK=off go -C .tools/sbom build -o "$dir/cyclonedx-gomod" github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
"$dir/cyclonedx-gomod" bin -json -noserial -std ${2:+-version "$2"} -output "$file" "$dir/pulse"

# A module that is replaced by another stands in the list by its replacement.
missing=0
while read -r module version; do
  grep -qF "\"pkg:golang/$module@$version?" "$file" || { echo "$file: $module $version is missing" >&2; missing=1; }
done < <(go version -m "$dir/pulse" | awk '$1 == "dep" && $3 != "(devel)" && $2 !~ /^github.com\/pulse-social\// { print $2, $3 }')
echo "$file: $(grep -c '"purl"' "$file") components"
exit "$missing"
