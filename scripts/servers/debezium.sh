#!/usr/bin/env bash
# The real Debezium 3.2.4.Final (its MySQL connector) in a standalone Kafka Connect 3.9.1, in a folder of your own.
# Options after -- are KEY=VALUE lines of the connector's properties; those that begin with "worker." are the worker's, and
# worker.bootstrap.servers is needed. Offsets and schema history are files in the folder. See scripts/README.md.
set -euo pipefail

# shellcheck source=scripts/lib/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/server.sh"

export SERVER_NAME=debezium
DEBEZIUM_VERSION=3.2.4.Final
CONNECT_VERSION=3.9.1
DEBEZIUM_HOME=debezium-$DEBEZIUM_VERSION
CONNECTOR=rowtide

server_install() {
  ensure_packages "${DEBEZIUM_PACKAGES[@]}"
  once "$DEBEZIUM_HOME" debezium_fetch
}

debezium_fetch() {
  maven_classpath_folder "$1" "org.apache.kafka:connect-runtime:$CONNECT_VERSION" "org.apache.kafka:connect-json:$CONNECT_VERSION" \
    "io.debezium:debezium-connector-mysql:$DEBEZIUM_VERSION" "io.debezium:debezium-storage-file:$DEBEZIUM_VERSION" \
    org.slf4j:slf4j-reload4j:1.7.36
  cat >"$1/log4j.properties" <<'PROPERTIES'
log4j.rootLogger=INFO, stdout
log4j.logger.org.apache.kafka=WARN
log4j.logger.org.reflections=ERROR
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=%d{ISO8601} %p %m (%c)%n
PROPERTIES
}

server_prepare() { mkdir -p "$DATA"; }

server_command() {
  debezium_worker_properties >"$DIR/worker.properties"
  debezium_connector_properties >"$DIR/connector.properties"
  chmod 600 "$DIR/worker.properties" "$DIR/connector.properties"
  COMMAND=(
    java -Xms64m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true
    -Dlog4j.configuration="file:$ROWTIDE_CACHE/$DEBEZIUM_HOME/log4j.properties"
    -cp "$ROWTIDE_CACHE/$DEBEZIUM_HOME/*"
    org.apache.kafka.connect.cli.ConnectStandalone "$DIR/worker.properties" "$DIR/connector.properties"
  )
}

debezium_worker_properties() {
  cat <<PROPERTIES
listeners=http://$BIND:$PORT
plugin.discovery=hybrid_warn
key.converter=org.apache.kafka.connect.json.JsonConverter
key.converter.schemas.enable=false
value.converter=org.apache.kafka.connect.json.JsonConverter
value.converter.schemas.enable=false
offset.storage.file.filename=$DATA/offsets
offset.flush.interval.ms=1000
PROPERTIES
  printf '%s\n' "${OPTIONS[@]}" | sed -n 's/^worker\.//p'
}

debezium_connector_properties() {
  cat <<PROPERTIES
name=$CONNECTOR
connector.class=io.debezium.connector.mysql.MySqlConnector
tasks.max=1
snapshot.mode=no_data
schema.history.internal=io.debezium.storage.file.history.FileSchemaHistory
schema.history.internal.file.filename=$DATA/history
topic.creation.default.replication.factor=1
topic.creation.default.partitions=1
PROPERTIES
  printf '%s\n' "${OPTIONS[@]}" | sed '/^worker\./d'
}

# Running means: the snapshot of the schemas is over and the binlog is being read; what is changed from now on is captured.
server_answers() {
  curl --silent --fail "http://$BIND:$PORT/connectors/$CONNECTOR/status" | grep -q '"tasks":\[{"id":0,"state":"RUNNING"' &&
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
