#!/usr/bin/env bash
# Runs Pulse in containers and tries it: lite, then a container for each service behind HAProxy, of which some are killed
# under load. What was acknowledged has to be there afterwards. Containers, volumes and networks are removed in the end.
#
#   deploy/compose/try.sh
#
# Needs an engine with Compose, whose containers' ports are reached at 127.0.0.1, and Go. From the environment:
#   DOCKER        the docker command (docker)
#   PULSE_IMAGE   an image that is there; without it one is built
#   BUILD_FLAGS   flags for building it, see deploy/docker/build.sh
#   PULSE_PORT    where the API is published meanwhile (18080)
#   LOAD          how long the load of each kill takes (40s)
set -euo pipefail
cd "$(dirname "$0")/../.."

read -ra docker <<<"${DOCKER:-docker}"
build=${PULSE_IMAGE:+no}
export COMPOSE_PROJECT_NAME=pulse-try PULSE_IMAGE=${PULSE_IMAGE:-pulse:try} PULSE_PORT=${PULSE_PORT:-18080} PULSE_BIND=127.0.0.1
# The load comes from one address.
export PULSE_GATEWAY_RATE=1000000
url=http://127.0.0.1:$PULSE_PORT
dir=$(mktemp -d)

compose() { "${docker[@]}" compose --file deploy/compose/compose.yaml "$@"; }
everything() { compose --profile lite --profile full --profile gateway-haproxy --profile observability "$@"; }
clean() { everything down --volumes --remove-orphans --timeout 5 >/dev/null 2>&1 || true; }
status=0
trap 'status=$?; [ $status -eq 0 ] || everything logs --tail 15 2>&1 | cut -c1-300 >&2; clean; rm -rf "$dir"; exit $status' EXIT

# timed WHAT COMMAND... runs a command and says how long it took.
timed() {
  local what=$1 from=$EPOCHREALTIME
  shift
  "$@" || return # A caller that handles the failure turns set -e off.
  awk -v what="$what" -v from="$from" -v to="$EPOCHREALTIME" 'BEGIN { printf "--- %-50s %6.1f s\n", what, to - from }'
}

# quietly COMMAND... shows what a command printed only when it fails.
quietly() {
  "$@" >"$dir/out" 2>&1 && return
  tail -40 "$dir/out" >&2
  return 1
}

inspect() { "${docker[@]}" inspect --format "$2" "$1"; }

# kill_container SERVICE ends the container's first process as a crash would. docker kill would have the engine believe that
# the container is meant to be down.
kill_container() {
  local pid
  pid=$(inspect "$(everything ps --quiet "$1")" '{{.State.Pid}}')
  "${docker[@]}" run --rm --pid host --network none --user 0 --entrypoint bash "$postgres" -c "kill -9 $pid"
}

# back SERVICE waits until the engine has started the container again and it is well.
back() {
  local container
  container=$(everything ps --all --quiet "$1")
  for _ in $(seq 600); do
    if [ "$(inspect "$container" '{{ge .RestartCount 1}} {{.State.Health.Status}}')" = "true healthy" ]; then return; fi
    sleep 0.2
  done
  echo "$1 did not come back" >&2
  return 1
}

# kill_under_load SERVICE kills a container while people post, and fails when one acknowledged post is lost.
kill_under_load() {
  "$dir/pulse" smoke --addr "$url" --for "${LOAD:-40s}" --rate 20 --patience 120s --within 60s >"$dir/load" 2>&1 &
  local load=$!
  until grep -q 'posts a second' "$dir/load"; do
    kill -0 "$load" 2>/dev/null || break
    sleep 0.2
  done
  sleep 5
  kill_container "$1"
  timed "$1 is back and well after kill -9" back "$1"
  if ! wait "$load"; then
    cat "$dir/load" >&2
    return 1
  fi
  sed 's/^/    /' "$dir/load"
}

clean
deploy/compose/secrets.sh
GOWORK='' go build -o "$dir/pulse" ./services/cmd/pulse
[ -n "$build" ] || timed "build the image" quietly deploy/docker/build.sh "$PULSE_IMAGE"
inspect "$PULSE_IMAGE" '    {{.Id}}, {{.Size}} bytes, user {{.Config.User}}, {{.Architecture}}'
[ "$(inspect "$PULSE_IMAGE" '{{.Config.User}}')" = 65532:65532 ] || { echo "the image runs as another user" >&2; exit 1; }
postgres=$(everything config --format json postgres | sed -n 's/^ *"image": "\(.*\)".*$/\1/p')

timed "lite: up --wait" quietly compose --profile lite up --wait --no-build
timed "lite: smoke" "$dir/pulse" smoke --addr "$url"
timed "lite: down" clean

timed "full: up --wait" quietly compose --profile gateway-haproxy up --wait --no-build
everything ps --format '    {{.Service}} {{.Status}}'
timed "full: smoke through HAProxy" "$dir/pulse" smoke --addr "$url"
kill_under_load pulse-post
kill_under_load postgres
timed "full: pulse check" compose --profile gateway-haproxy run --rm --no-deps pulse-migrate check
timed "full: down" clean
echo "all is well"
