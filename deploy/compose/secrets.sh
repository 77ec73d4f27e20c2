#!/usr/bin/env bash
# Makes the secrets that the files beside this one name: random passwords, and the database's URL for each service. What is
# there stays as it is; a database keeps the passwords that it was made with.
set -euo pipefail
cd "$(dirname "$0")"
umask 077
mkdir -p secrets

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# Containers run as users of their own: whoever may look into the folder may read the files.
keep() {
  printf '%s' "$2" >"secrets/$1"
  chmod 444 "secrets/$1"
  echo "made secrets/$1"
}

url() { echo "postgres://$1:$2@postgres:5432/pulse?sslmode=disable"; }

for name in $(sed -n 's|^.*file: \./secrets/\([a-z_]*\).*$|\1|p' ./*.yaml | sort -ru); do
  if [ -e "secrets/$name" ]; then continue; fi
  case $name in
    database_url) keep "$name" "$(url pulse "$(cat secrets/postgres_password)")" ;;
    database_url_*) keep "$name" "$(url "login_${name#database_url_}" "$(random)")" ;;
    *) keep "$name" "$(random)" ;;
  esac
done
