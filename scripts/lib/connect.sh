# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # COMMAND is read by server.sh, which sets DIR, DATA, BIND, PORT and OPTIONS
# A connector in a standalone Kafka Connect, for the scripts of scripts/servers that run one. Options KEY=VALUE are lines of
# the connector's properties; those that begin with "worker." are the worker's, and worker.bootstrap.servers is needed.
# Needs server.sh.

CONNECT_VERSION=3.9.1
CONNECT_NAME=rowtide # the connector's, in the worker

# connect_fetch FOLDER GROUP:ARTIFACT:VERSION...: Kafka Connect and these.
connect_fetch() {
  maven_classpath_folder "$1" "org.apache.kafka:connect-runtime:$CONNECT_VERSION" "org.apache.kafka:connect-json:$CONNECT_VERSION" \
    "${@:2}" org.slf4j:slf4j-reload4j:1.7.36
  cat >"$1/log4j.properties" <<'PROPERTIES'
log4j.rootLogger=INFO, stdout
log4j.logger.org.apache.kafka=WARN
log4j.logger.org.reflections=ERROR
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=%d{ISO8601} %p %m (%c)%n
PROPERTIES
}

# connect_command FOLDER SCHEMAS CONNECTOR_LINE...: sets COMMAND. The jars are FOLDER's, the lines come before the options';
# SCHEMAS: whether the JSON of keys and values has them, true or false.
connect_command() {
  {
    cat <<PROPERTIES
listeners=http://$BIND:$PORT
plugin.discovery=service_load
key.converter=org.apache.kafka.connect.json.JsonConverter
key.converter.schemas.enable=$2
value.converter=org.apache.kafka.connect.json.JsonConverter
value.converter.schemas.enable=$2
offset.storage.file.filename=$DATA/offsets
offset.flush.interval.ms=1000
PROPERTIES
    printf '%s\n' "${OPTIONS[@]}" | sed -n 's/^worker\.//p'
  } >"$DIR/worker.properties"
  {
    printf '%s\n' "name=$CONNECT_NAME" tasks.max=1 "${@:3}"
    printf '%s\n' "${OPTIONS[@]}" | sed '/^worker\./d'
  } >"$DIR/connector.properties"
  chmod 600 "$DIR/worker.properties" "$DIR/connector.properties"
  COMMAND=(
    java -Xms64m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true
    -Dlog4j.configuration="file:$1/log4j.properties" -cp "$1/*"
    org.apache.kafka.connect.cli.ConnectStandalone "$DIR/worker.properties" "$DIR/connector.properties"
  )
}

connect_task_runs() {
  curl --silent --fail "http://$BIND:$PORT/connectors/$CONNECT_NAME/status" | grep -q '"tasks":\[{"id":0,"state":"RUNNING"'
}
