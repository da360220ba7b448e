#!/usr/bin/env bash
# A real Apache Kafka 3.9.1 broker (one KRaft node, broker and controller in one process) in a folder of your own.
# Options after -- are KEY=VALUE lines of server.properties and win over the ones below. See scripts/README.md.
set -euo pipefail

# shellcheck source=scripts/lib/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/server.sh"
# shellcheck source=scripts/lib/kafka_release.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/kafka_release.sh"

export SERVER_NAME=kafka
KAFKA_TEMPLATE=$KAFKA_HOME-data
KAFKA_CLASSES=$KAFKA_HOME-classes

server_install() {
  ensure_packages "${KAFKA_PACKAGES[@]}"
  once "$KAFKA_HOME" kafka_fetch
  once "$KAFKA_TEMPLATE" kafka_template
  once "$KAFKA_CLASSES" kafka_classes
}

kafka_fetch() {
  maven_classpath_folder "$1" "org.apache.kafka:kafka_2.13:$KAFKA_VERSION" org.slf4j:slf4j-reload4j:1.7.36
  cat >"$1/log4j.properties" <<'PROPERTIES'
log4j.rootLogger=INFO, stdout
log4j.logger.org.apache.kafka.common.config=WARN
log4j.logger.kafka.server.KafkaConfig=WARN
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=%d{ISO8601} %p %m (%c)%n
PROPERTIES
}

# A formatted, empty log folder. Each broker gets a copy, which saves a Java start.
kafka_template() {
  local work log=$ROWTIDE_CACHE/$KAFKA_TEMPLATE.log
  say "formatting the empty Kafka log folder (once)"
  work=$(mktemp -d)
  DATA=$1 BIND=127.0.0.1 PORT=9092 ADMIN_PORT=9093 CONTROLLER_PORT=9094
  kafka_properties >"$work/server.properties"
  kafka_java kafka.tools.StorageTool format --cluster-id rowtide-Test-Cluster00 --config "$work/server.properties" >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    die "formatting Kafka's log folder failed. The lines above say why (whole log: $log)"
  }
  rm -rf "$work"
}

# The classes of a started broker as the JVM has them in memory (class data sharing): half the processor time of each later
# start. Another JVM than the one that wrote the file does without it.
kafka_classes() {
  local work log=$ROWTIDE_CACHE/$KAFKA_CLASSES.log broker
  say "keeping Kafka's loaded classes (once)"
  work=$(mktemp -d)
  DATA=$work/data BIND=127.0.0.1
  PORT=$(free_port $BIND) ADMIN_PORT=$(free_port $BIND) CONTROLLER_PORT=$(free_port $BIND)
  cp -r "$ROWTIDE_CACHE/$KAFKA_TEMPLATE" "$DATA"
  kafka_properties >"$work/server.properties"
  kafka_java_command -XX:ArchiveClassesAtExit="$1/classes.jsa" kafka.Kafka "$work/server.properties"
  "${COMMAND[@]}" >"$log" 2>&1 &
  broker=$!
  until server_answers >/dev/null 2>&1; do
    kill -0 $broker 2>/dev/null || kafka_classes_failed "$log"
    sleep 0.1
  done
  kill $broker
  wait $broker || true # it says which signal ended it
  [[ -s $1/classes.jsa ]] || kafka_classes_failed "$log"
  rm -rf "$work"
}

kafka_classes_failed() {
  tail -n 20 "$1" >&2
  die "Kafka did not start to have its classes kept. The lines above say why (whole log: $1)"
}

server_prepare() {
  cp -r "$ROWTIDE_CACHE/$KAFKA_TEMPLATE" "$DATA"
  printf 'ADMIN_PORT=%s\nCONTROLLER_PORT=%s\n' "$(free_port 127.0.0.1)" "$(free_port 127.0.0.1)" >"$DIR/internal_ports"
}

server_command() {
  # shellcheck source=/dev/null
  source "$DIR/internal_ports"
  kafka_properties "${OPTIONS[@]}" >"$DIR/server.properties"
  chmod 600 "$DIR/server.properties"
  kafka_java_command -XX:SharedArchiveFile="$ROWTIDE_CACHE/$KAFKA_CLASSES/classes.jsa" kafka.Kafka "$DIR/server.properties"
}

# kafka_properties KEY=VALUE...: CLIENT is the listener for the programs under test, to be secured by options; ADMIN stays
# open on loopback, for this script and for a test's own view. A killed broker can register again when its session is over,
# so sessions are short. An idle broker writes no marks of time into its metadata: tests keep several, most of them idle.
kafka_properties() {
  cat <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$CONTROLLER_PORT
listeners=CLIENT://$BIND:$PORT,ADMIN://127.0.0.1:$ADMIN_PORT,CONTROLLER://127.0.0.1:$CONTROLLER_PORT
advertised.listeners=CLIENT://$BIND:$PORT,ADMIN://127.0.0.1:$ADMIN_PORT
listener.security.protocol.map=CLIENT:PLAINTEXT,ADMIN:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=ADMIN
controller.listener.names=CONTROLLER
super.users=User:ANONYMOUS
log.dirs=$DATA
auto.create.topics.enable=false
num.partitions=1
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
metadata.max.idle.interval.ms=0
num.network.threads=2
num.io.threads=2
num.recovery.threads.per.data.dir=1
log.cleaner.dedupe.buffer.size=8388608
log.index.size.max.bytes=1048576
PROPERTIES
  (($# == 0)) || printf '%s\n' "$@"
}

# kafka_java_command [OPTION...] CLASS ARGUMENT...: sets COMMAND. A heap and a compiler for a small broker that starts quickly.
kafka_java_command() {
  COMMAND=(
    java -Xms64m -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true
    -Dlog4j.configuration="file:$ROWTIDE_CACHE/$KAFKA_HOME/log4j.properties"
    -cp "$ROWTIDE_CACHE/$KAFKA_HOME/*" "$@"
  )
}

kafka_java() {
  kafka_java_command "$@"
  "${COMMAND[@]}"
}

server_answers() { kcat -b "127.0.0.1:$ADMIN_PORT" -L -m 2 && port_taken "$BIND" "$PORT"; }

server_more_facts() {
  # shellcheck source=/dev/null
  source "$DIR/internal_ports"
  printf ' ADMIN_PORT=%s CLASSES=%s ARCHIVE=%s' "$ADMIN_PORT" "$ROWTIDE_CACHE/$KAFKA_HOME" "$ROWTIDE_CACHE/$KAFKA_CLASSES/classes.jsa"
}

server_main "$@"
