#!/usr/bin/env bash
# A real MariaDB server (Debian's) in a folder of your own: row binlog, MariaDB GTIDs, full row metadata. See scripts/README.md.
set -euo pipefail

# shellcheck source=scripts/lib/sql_server.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/sql_server.sh"

export SERVER_NAME=mariadbd
PATH=$PATH:/usr/sbin  # where Debian keeps the server; not in every user's PATH

server_install() {
  local version
  ensure_packages "${MARIADB_PACKAGES[@]}"
  # A data folder belongs to the version that made it.
  version=$(mariadbd --version | sed -E 's/.*Ver ([0-9.]+).*/\1/')
  MARIADB_TEMPLATE=mariadb-$version-data
  once "$MARIADB_TEMPLATE" mariadb_template
}

mariadb_template() {
  say "making the empty MariaDB data folder (once)"
  mariadb-install-db --no-defaults --user="$(id -un)" --datadir="$1" --auth-root-authentication-method=normal \
    --skip-test-db >"$ROWTIDE_CACHE/$MARIADB_TEMPLATE.log" 2>&1 || sql_template_failed "$ROWTIDE_CACHE/$MARIADB_TEMPLATE.log"
}

server_prepare() { sql_copy_template "$MARIADB_TEMPLATE"; }

server_command() {
  sql_server_options
  COMMAND=(
    mariadbd --no-defaults
    "${SQL_OPTIONS[@]}" --binlog-row-metadata=FULL --debug-no-sync
    --character-set-server=utf8mb4 --collation-server=utf8mb4_general_ci
    --max-allowed-packet=64M
    "${OPTIONS[@]}"
  )
}

server_main "$@"
