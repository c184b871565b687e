#!/bin/sh
# Starts PostgreSQL; makes a cluster first when the volume holds none.
#   POSTGRES_USER (default postgres), POSTGRES_DB (default: the user's name), POSTGRES_PASSWORD_FILE or POSTGRES_PASSWORD
set -eu
volume=/var/lib/postgresql/data
cluster=$volume/cluster
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}

if [ ! -d "$cluster" ]; then
  case $user$database in *[!A-Za-z0-9_]*) echo "entrypoint.sh: a name may hold A-Z, a-z, 0-9 and _ only" >&2; exit 2 ;; esac
  # Made beside its place and moved there when it is whole: who is killed half-way begins anew.
  rm -rf "$volume/new"
  if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
    password=$(cat "$POSTGRES_PASSWORD_FILE")
  else
    password=${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD_FILE or POSTGRES_PASSWORD}
  fi
  printf '%s\n' "$password" >/tmp/password
  initdb --pgdata="$volume/new" --username="$user" --pwfile=/tmp/password --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8
  rm -f /tmp/password
  echo 'host all all all scram-sha-256' >>"$volume/new/pg_hba.conf"
  [ "$database" = postgres ] ||
    echo "CREATE DATABASE $database" | postgres --single -D "$volume/new" postgres >/dev/null
  mv "$volume/new" "$cluster"
fi
exec postgres -D "$cluster" -c listen_addresses='*' -c unix_socket_directories=/tmp "$@"
