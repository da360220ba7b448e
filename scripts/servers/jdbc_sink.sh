#!/usr/bin/env bash
# The real JDBC sink of Debezium 3.2.0.Final in a standalone Kafka Connect 3.9.1, in a folder of your own: the newest 3.2 whose
# sink Maven Central has. Options after -- are as scripts/lib/connect.sh says; topics and connection.* are needed.
set -euo pipefail

# shellcheck source=scripts/lib/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/server.sh"
# shellcheck source=scripts/lib/connect.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/connect.sh"

export SERVER_NAME=jdbc_sink
JDBC_SINK_VERSION=3.2.0.Final
JDBC_SINK_HOME=debezium-jdbc-$JDBC_SINK_VERSION

server_install() {
  ensure_packages "${DEBEZIUM_PACKAGES[@]}"
  once "$JDBC_SINK_HOME" jdbc_sink_fetch
}

jdbc_sink_fetch() { connect_fetch "$1" "io.debezium:debezium-connector-jdbc:$JDBC_SINK_VERSION"; }

server_prepare() { mkdir -p "$DATA"; }

server_command() {
  connect_command "$ROWTIDE_CACHE/$JDBC_SINK_HOME" true connector.class=io.debezium.connector.jdbc.JdbcSinkConnector
}

server_answers() { connect_task_runs; }

server_more_facts() { :; }

server_main "$@"
