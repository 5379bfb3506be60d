#!/usr/bin/env bash
# A private PostgreSQL for the tests: a cluster in a temporary folder, reached by a unix socket alone.
#
#   tests/support/postgres.sh run COMMAND…      starts one, runs COMMAND with TEST_POSTGRES_URL set, removes it
#   eval "$(tests/support/postgres.sh start)"   starts one, sets TEST_POSTGRES_URL and TEST_POSTGRES_DIR in this shell
#   tests/support/postgres.sh crash "$TEST_POSTGRES_DIR"   kills it without a word, and starts it again
#   tests/support/postgres.sh stop "$TEST_POSTGRES_DIR"
#
# With DURABLE=1 it waits for the disk, as PostgreSQL does when nobody tells it otherwise.
set -euo pipefail

bindir() {
  local found
  found=$(ls -d /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin \
    2>/dev/null | sort -V | tail -n 1) || true
  if [ -z "$found" ] || [ ! -x "$found/initdb" ]; then
    found=$(dirname "$(command -v initdb || true)")
  fi
  if [ ! -x "$found/initdb" ]; then
    echo "PostgreSQL's server programs (initdb, pg_ctl) are not on this machine: install the package postgresql." >&2
    exit 1
  fi
  echo "$found"
}

# The server refuses to run as root, so root hands it to the user of the package, or to nobody.
as_owner() {
  if [ "$(id -u)" != 0 ]; then "$@"; else runuser -u "$(owner)" -- "$@"; fi
}

owner() {
  if id postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi
}

start() {
  local bin dir
  bin=$(bindir)
  dir=$(mktemp -d "${TMPDIR:-/tmp}/coffee-pg.XXXXXX")
  if [ "$(id -u)" = 0 ]; then chown "$(owner)" "$dir"; fi
  if ! launch "$bin" "$dir" >&2; then
    cat "$dir/log" >&2 || true
    stop "$dir"
    echo "The private PostgreSQL did not start; its own words stand above." >&2
    exit 1
  fi
  echo "export TEST_POSTGRES_DIR='$dir'"
  echo "export TEST_POSTGRES_URL='postgresql+psycopg://coffee@/coffee?host=$dir'"
}

# What a test writes need not outlive a power cut, so the cluster does not wait for the disk unless told to; and it looks
# for deadlocks sooner than others.
launch() {
  local bin=$1 dir=$2 haste="-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c deadlock_timeout=100ms"
  if [ "${DURABLE:-}" = 1 ]; then haste=; fi
  cd "$dir"
  as_owner "$bin/initdb" -D "$dir/cluster" -U coffee -A trust -E UTF8 --locale=C --no-sync >"$dir/log" 2>&1 &&
    control "$dir" -l "$dir/cluster/log" -t 60 -o "-k '$dir' -c listen_addresses= $haste" start &&
    as_owner "$bin/createdb" -h "$dir" -U coffee coffee
}

control() {
  local dir=$1
  shift
  (cd "$dir" && as_owner "$(bindir)/pg_ctl" -D "$dir/cluster" -w -s "$@")
}

ours() {
  case $1 in
    */coffee-pg.??????) ;;
    *) echo "'$1' is no folder of a private PostgreSQL." >&2; exit 2 ;;
  esac
}

crash() {
  local dir=$1
  ours "$dir"
  control "$dir" -m immediate -l "$dir/cluster/log" restart
}

stop() {
  local dir=$1
  ours "$dir"
  if [ ! -d "$dir" ]; then return; fi
  if [ -f "$dir/cluster/postmaster.pid" ]; then control "$dir" -m immediate stop || true; fi
  rm -rf "$dir"
}

case ${1:-} in
  start) start ;;
  crash) crash "${2:?which folder? TEST_POSTGRES_DIR names it}" ;;
  stop) stop "${2:?which folder? TEST_POSTGRES_DIR names it}" ;;
  run)
    shift
    settings=$(start)
    eval "$settings"
    trap 'stop "$TEST_POSTGRES_DIR"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    "$@"
    ;;
  *)
    sed -n 's/^#   //p' "$0" >&2
    exit 2
    ;;
esac
