#!/usr/bin/env bash
# Runs a command with a Postgres of its own, on loopback and in a temporary folder, which is stopped and removed after it:
#
#   .tools/with-postgres.sh go test work
#
# The command finds it in PULSE_TEST_DATABASE_URL, and an empty database in PULSE_TEST_SCRATCH_DATABASE_URL.
set -euo pipefail

# Debian keeps the servers off the path; elsewhere they are on it.
bin=
for candidate in $(compgen -G '/usr/lib/postgresql/*/bin' | sort -rV) "$(dirname "$(command -v initdb || echo .)")"; do
  if [ -x "$candidate/initdb" ] && [ -x "$candidate/createdb" ]; then
    bin=$candidate
    break
  fi
done
[ -n "$bin" ] || { echo "Postgres is missing: install it, for instance with apt-get install postgresql" >&2; exit 1; }

dir=$(mktemp -d)
# Postgres refuses to run as root.
as=()
if [ "$(id -u)" -eq 0 ]; then
  chown postgres "$dir"
  as=(runuser -u postgres --)
fi
port=$((20000 + RANDOM % 20000))
stop() {
  "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -m fast -w stop >/dev/null 2>&1 || true
  rm -rf "$dir"
}
trap stop EXIT

cd /
"${as[@]}" "$bin/initdb" -D "$dir/data" -U pulse -A trust >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w start \
  -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$dir -c max_connections=400" >/dev/null || { cat "$dir/log" >&2; exit 1; }
"$bin/createdb" -h 127.0.0.1 -p "$port" -U pulse scratch
cd - >/dev/null

export PULSE_TEST_DATABASE_URL="postgres://pulse@127.0.0.1:$port/postgres?sslmode=disable"
export PULSE_TEST_SCRATCH_DATABASE_URL="postgres://pulse@127.0.0.1:$port/scratch?sslmode=disable"
"$@"
