#!/usr/bin/env bash
# The real Debezium 3.2.4.Final (its MySQL connector) in a standalone Kafka Connect 3.9.1, in a folder of your own.
# Options after -- are as scripts/lib/connect.sh says. Offsets and schema history are files in the folder. See scripts/README.md.
set -euo pipefail

# shellcheck source=scripts/lib/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/server.sh"
# shellcheck source=scripts/lib/connect.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/connect.sh"

export SERVER_NAME=debezium
DEBEZIUM_VERSION=3.2.4.Final
DEBEZIUM_HOME=debezium-$DEBEZIUM_VERSION

server_install() {
  ensure_packages "${DEBEZIUM_PACKAGES[@]}"
  once "$DEBEZIUM_HOME" debezium_fetch
}

debezium_fetch() {
  connect_fetch "$1" "io.debezium:debezium-connector-mysql:$DEBEZIUM_VERSION" "io.debezium:debezium-storage-file:$DEBEZIUM_VERSION"
}

server_prepare() { mkdir -p "$DATA"; }

server_command() {
  connect_command "$ROWTIDE_CACHE/$DEBEZIUM_HOME" false connector.class=io.debezium.connector.mysql.MySqlConnector \
    snapshot.mode=no_data schema.history.internal=io.debezium.storage.file.history.FileSchemaHistory \
    "schema.history.internal.file.filename=$DATA/history" topic.creation.default.replication.factor=1 \
    topic.creation.default.partitions=1
}

# Running means: the snapshot of the schemas is over and the binlog is being read; what is changed from now on is captured.
server_answers() {
  connect_task_runs &&
    grep -Eq 'Connected to binlog at|Keepalive thread is running' "$DIR/log/$SERVER_NAME.log"
}

server_more_facts() { :; }

# Beside what all servers' scripts do: "jars" prints the folder of its jars, Kafka Connect's among them.
if [[ ${1:-} == jars ]]; then
  server_install
  printf '%s\n' "$ROWTIDE_CACHE/$DEBEZIUM_HOME"
else
  server_main "$@"
fi
