#!/usr/bin/env bash
# Builds the image from the work tree, with the commit's time for every file in it: the same commit gives the same image.
#
#   deploy/docker/build.sh IMAGE [VERSION]
#
# DOCKER names the docker command, BUILD_FLAGS more flags, such as --platform linux/amd64,linux/arm64 with buildx, or
# --network host --build-arg GOPROXY=http://127.0.0.1:3000 where modules come from a proxy on this machine.
set -euo pipefail
cd "$(dirname "$0")/../.."
image=${1:?usage: build.sh IMAGE [VERSION]}

read -ra docker <<<"${DOCKER:-docker}"
read -ra flags <<<"${BUILD_FLAGS:-}"
DOCKER_BUILDKIT=1 "${docker[@]}" build --file deploy/docker/Dockerfile --tag "$image" \
  --build-arg "VERSION=${2:-}" \
  --build-arg "REVISION=$(git rev-parse HEAD)" \
  --build-arg "SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)" \
  "${flags[@]}" .
