#!/usr/bin/env bash
# Runs the tests that can use a real Postgres, Redis and NATS on those that .tools/with-backends.sh has started. What asks for no
# backend was tested by `go test work` already: linking and running it once more would take a third of the time for nothing.
#
# With -race, all tests run under the race detector: those that can on the backends, the others by themselves, and those of the
# embedded backends in both ways. Tests that only drive other processes, in which nothing is looked for, run without it.
set -euo pipefail
cd "$(dirname "$0")/.."
export GOWORK=

module=github.com/pulse-social/pulse
uses='{{$p := .ForTest}}{{if $p}}{{range .Deps}}{{if eq . "'$module'/services/internal/testbackend"}}{{$p}}{{end}}{{end}}{{end}}'
# The last one asks for a server by its variable alone.
mapfile -t packages < <(go list -test -f "$uses" work | sort -u && echo $module/ent/internal/diff)
[ ${#packages[@]} -gt 10 ] || {
  echo "only ${#packages[@]} packages use backends: has services/internal/testbackend moved?" >&2
  exit 1
}
if [ "${1:-}" != -race ]; then
  exec go test -count=1 "$@" "${packages[@]}"
fi

driving=(-e '/cmd/pulse$' -e '/internal/topology$' -e '/internal/trial$')
mapfile -t processes < <(printf '%s\n' "${packages[@]}" | grep "${driving[@]}")
mapfile -t others < <(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' work | grep -v "${driving[@]}")
failed=0
# Not inlining takes three tenths less time to build, and the detector sees the same.
quick=("-gcflags=all=-dwarf=false -l")
go test -count=1 "$@" "${quick[@]}" "${others[@]}" || failed=1
env -u PULSE_TEST_DATABASE_URL -u PULSE_TEST_SCRATCH_DATABASE_URL -u PULSE_TEST_REDIS_URL -u PULSE_TEST_REDIS_CLUSTER_URL -u PULSE_TEST_NATS \
  go test -count=1 "$@" "${quick[@]}" $module/services/internal/{bus,kv,store} || failed=1
shift
go test -count=1 "$@" "${processes[@]}" || failed=1
exit $failed # Each group says what it finds, whatever the others did.
