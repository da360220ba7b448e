# shellcheck shell=bash
# shellcheck disable=SC2034  # SQL_OPTIONS is read by the scripts that source this file
# What the two SQL servers have in common: settings, data template, readiness.

# shellcheck source=scripts/lib/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/server.sh"

# The longest path that fits into a Unix socket's address.
SOCKET_PATH_LIMIT=107

# Sets SQL_OPTIONS. Durable against the death of the server, not of the machine: that is what tests need, at a tenth of the time.
# (MariaDB's scripts add --debug-no-sync, without which each DDL statement waits six times for its recovery log.)
# No name resolution, so that root without a password is root on the socket and the loopback address only; but with a
# --host-cache-size of the caller's, which is none without, and MySQL has no way to take the option back.
sql_server_options() {
  local socket=$DIR/sql.sock
  ((${#socket} <= SOCKET_PATH_LIMIT)) ||
    die "the socket's path $socket is longer than $SOCKET_PATH_LIMIT characters: choose a --dir with a shorter path"
  # A killed server leaves its lock behind, and takes it for a living one's while nobody has collected the dead process.
  rm -f "$socket" "$socket.lock"
  # A server clears its temporary folder at its start: not of another one's tables.
  mkdir -p "$DIR/tmp"
  SQL_OPTIONS=(
    --user="$(id -un)" --tmpdir="$DIR/tmp"
    --datadir="$DATA" --socket="$socket" --pid-file="$DIR/server.pid"
    --bind-address="$BIND" --port="$PORT"
    --server-id=1
    --log-bin="$DATA/binlog" --binlog-format=ROW
    --sync-binlog=0 --innodb-flush-log-at-trx-commit=2
    --innodb-buffer-pool-size=64M --performance-schema=OFF
    --max-connections=100 --default-time-zone=+00:00
    --innodb-fast-shutdown=1
  )
  [[ " ${OPTIONS[*]} " == *" --host-cache-size="* ]] || SQL_OPTIONS+=(--skip-name-resolve)
}

sql_copy_template() { cp -r --sparse=always --reflink=auto "$ROWTIDE_CACHE/$1" "$DATA"; }

sql_template_failed() {
  tail -n 20 "$1" >&2
  die "the empty data folder could not be made. The lines above say why (whole log: $1); the folder ${ROWTIDE_CACHE} needs 500 MB free"
}

server_answers() { mariadb-admin --no-defaults --user=root --socket="$DIR/sql.sock" ping; }

server_more_facts() { printf ' SOCKET=%s' "$DIR/sql.sock"; }
