#!/usr/bin/env bash
# Runs a command with the real backends, on loopback and in a temporary folder, all stopped and removed after it: a
# Postgres, a Redis, and a Redis Cluster of three.
#
#   .tools/with-backends.sh go test -count=1 work
#
# The command finds them in PULSE_TEST_DATABASE_URL, PULSE_TEST_SCRATCH_DATABASE_URL (an empty database),
# PULSE_TEST_REDIS_URL and PULSE_TEST_REDIS_CLUSTER_URL; PULSE_TEST_NATS=tcp has each test start a NATS of its own.
# With --settings before the command, Pulse itself uses them by PULSE_DATABASE_URL, PULSE_REDIS_URL and PULSE_NATS_URL, a
# NATS included, and PULSE_BACKENDS has the process ids of the three. Without a command it starts a NATS too, prints the settings that make Pulse use all of them, and waits for Ctrl-C.
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Debian keeps Postgres' programs off the path; elsewhere they are on it.
bin=
for candidate in $(compgen -G '/usr/lib/postgresql/*/bin' | sort -rV) "$(dirname "$(command -v initdb || echo .)")"; do
  if [ -x "$candidate/initdb" ] && [ -x "$candidate/createdb" ]; then
    bin=$candidate
    break
  fi
done
missing=()
[ -n "$bin" ] || missing+=(postgresql)
command -v redis-server >/dev/null && command -v redis-cli >/dev/null || missing+=(redis)
if [ ${#missing[@]} -gt 0 ]; then
  echo "missing: ${missing[*]}: install with apt-get install ${missing[*]}" >&2
  exit 1
fi

# In memory where there is room for it: nothing here outlives the command, and a test that waits for a disk tests less.
room=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1 || echo 0)
if [ -z "${TMPDIR:-}" ] && [ "${room:-0}" -gt 2000000 ] && [ -w /dev/shm ]; then
  dir=$(mktemp -d -p /dev/shm)
else
  dir=$(mktemp -d)
fi
# Postgres refuses to run as root.
as=()
if [ "$(id -u)" -eq 0 ]; then
  chown postgres "$dir"
  as=(runuser -u postgres --)
fi

pids=()
stop() {
  trap - EXIT
  [ ${#pids[@]} -eq 0 ] || { kill "${pids[@]}" && wait "${pids[@]}"; } 2>/dev/null || true
  [ ! -d "$dir/data" ] || "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -m fast -w stop >/dev/null 2>&1 || true
  rm -rf "$dir"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# pick answers a port that nothing listens on, below those that the system hands out: the bus of a cluster's node has
# its port 10,000 above.
pick() {
  local candidate
  while candidate=$((12000 + RANDOM % 10000)); do
    (: <"/dev/tcp/127.0.0.1/$candidate" || : <"/dev/tcp/127.0.0.1/$((candidate + 10000))") 2>/dev/null || break
  done
  echo "$candidate"
}

# until_true COMMAND... waits until a command succeeds, for ten seconds.
until_true() {
  for _ in $(seq 200); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.05
  done
  echo "in vain for ten seconds: $*" >&2
  cat "$dir"/*.log >&2
  return 1
}

# start NAME COMMAND... starts a server that goes when this script does.
start() {
  local name=$1
  shift
  "$@" >"$dir/$name.log" 2>&1 &
  pids+=($!)
}

# redis NAME PORT OPTION... starts a Redis that keeps nothing.
redis() {
  local name=$1 port=$2
  shift 2
  mkdir -p "$dir/$name"
  start "$name" redis-server --bind 127.0.0.1 --port "$port" --dir "$dir/$name" --save '' --appendonly no "$@"
  until_true redis-cli -h 127.0.0.1 -p "$port" ping
}

cluster_is_whole() {
  local port
  for port in "$@"; do redis-cli -h 127.0.0.1 -p "$port" cluster info | grep -q cluster_state:ok || return 1; done
}

redis_port=$(pick)
redis redis "$redis_port" --databases 4096
nodes=()
for node in 1 2 3; do
  nodes+=("$(pick)")
  redis "cluster-$node" "${nodes[-1]}" --cluster-enabled yes
done
redis-cli --cluster create "${nodes[@]/#/127.0.0.1:}" --cluster-yes >"$dir/cluster.log" 2>&1 & # It takes seconds.

cd /
postgres_port=$(pick)
"${as[@]}" "$bin/initdb" -D "$dir/data" -U pulse -A trust >/dev/null
# Users whom tests make have passwords.
printf 'host all pulse 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n' >"$dir/data/pg_hba.conf"
"${as[@]}" "$bin/pg_ctl" -D "$dir/data" -l "$dir/postgres.log" -w start \
  -o "-p $postgres_port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$dir -c max_connections=400" >/dev/null || { cat "$dir/postgres.log" >&2; exit 1; }
"$bin/createdb" -h 127.0.0.1 -p "$postgres_port" -U pulse scratch
cd - >/dev/null

until_true cluster_is_whole "${nodes[@]}"

settings=
if [ "${1:-}" = --settings ]; then
  settings=yes
  shift
fi
server="postgres://pulse@127.0.0.1:$postgres_port"
redis="redis://127.0.0.1:$redis_port"
cluster="redis://127.0.0.1:${nodes[0]},127.0.0.1:${nodes[1]},127.0.0.1:${nodes[2]}"

if [ $# -gt 0 ] && [ -z "$settings" ]; then
  export PULSE_TEST_DATABASE_URL="$server/postgres?sslmode=disable" PULSE_TEST_SCRATCH_DATABASE_URL="$server/scratch?sslmode=disable"
  export PULSE_TEST_REDIS_URL=$redis PULSE_TEST_REDIS_CLUSTER_URL=$cluster PULSE_TEST_NATS=tcp
  "$@"
  exit
fi

nats_port=$(pick)
GOWORK='' go -C "$repository/services" build -o "$dir/nats-server" github.com/nats-io/nats-server/v2
# As in Compose and the chart.
start nats env GOMAXPROCS=1 "$dir/nats-server" --addr 127.0.0.1 --port "$nats_port" --jetstream --store_dir "$dir/nats"
until_true grep -q 'Server is ready' "$dir/nats.log"
if [ $# -gt 0 ]; then
  export PULSE_DATABASE_URL="$server/postgres?sslmode=disable" PULSE_REDIS_URL=$redis PULSE_NATS_URL="nats://127.0.0.1:$nats_port" PULSE_MEDIA_URL="file://$dir/media"
  PULSE_BACKENDS="$(head -n 1 "$dir/data/postmaster.pid"),${pids[0]},${pids[-1]}"
  export PULSE_BACKENDS
  "$@"
  exit
fi
cat <<SETTINGS
export PULSE_DATABASE_URL='$server/postgres?sslmode=disable'
export PULSE_REDIS_URL='$redis'
export PULSE_NATS_URL='nats://127.0.0.1:$nats_port'
export PULSE_MEDIA_URL='file://$dir/media'
# or PULSE_REDIS_URL='$cluster'
# All of it is gone with Ctrl-C.
SETTINGS
trap 'exit 0' INT
wait
