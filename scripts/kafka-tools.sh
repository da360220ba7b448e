#!/usr/bin/env bash
# Kafka's own command line tools of the broker's version (from Maven Central), under the names that its distribution gives them. Prints
# the folder, to be put into PATH:
#   PATH=$(scripts/kafka-tools.sh):$PATH kafka-topics.sh --bootstrap-server localhost:9092 --list
set -euo pipefail

# shellcheck source=scripts/lib/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/server.sh"
# shellcheck source=scripts/lib/kafka_release.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/kafka_release.sh"

KAFKA_TOOLS=kafka-tools-$KAFKA_VERSION

kafka_tools_fetch() {
  local jar name
  jar=$(maven_artifact org.apache.kafka kafka-tools $KAFKA_VERSION)
  cp "$jar" "$1/"
  for name in kafka-acls:kafka.admin.AclCommand kafka-configs:kafka.admin.ConfigCommand \
    kafka-topics:org.apache.kafka.tools.TopicCommand kafka-consumer-groups:org.apache.kafka.tools.consumer.group.ConsumerGroupCommand; do
    cat >"$1/${name%%:*}.sh" <<SCRIPT
#!/bin/sh
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$ROWTIDE_CACHE/$KAFKA_TOOLS/*:$ROWTIDE_CACHE/$KAFKA_HOME/*" ${name#*:} "\$@"
SCRIPT
    chmod 755 "$1/${name%%:*}.sh"
  done
}

"$(dirname "${BASH_SOURCE[0]}")/servers/kafka.sh" install
once "$KAFKA_TOOLS" kafka_tools_fetch
printf '%s\n' "$ROWTIDE_CACHE/$KAFKA_TOOLS"
