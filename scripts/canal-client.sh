#!/usr/bin/env bash
# Canal's client, the common part of its adapters and the Kafka client that it is made for, with all they need, from Maven
# Central. Prints the folder of their jars. For the test that reads canal-json with them.
set -euo pipefail

# shellcheck source=scripts/lib/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/server.sh"

CANAL_VERSION=1.1.7
CANAL_HOME=canal-client-$CANAL_VERSION

# The client leaves its protocol, Kafka's client, fastjson and Commons Lang to its user.
canal_client_fetch() {
  maven_classpath_folder "$1" "com.alibaba.otter:canal.client:$CANAL_VERSION" "com.alibaba.otter:canal.protocol:$CANAL_VERSION" \
    "com.alibaba.otter:client-adapter.common:$CANAL_VERSION" org.apache.kafka:kafka-clients:2.4.0 com.alibaba:fastjson:1.2.83 \
    org.apache.commons:commons-lang3:3.12.0
}

ensure_packages maven default-jdk-headless
once "$CANAL_HOME" canal_client_fetch
printf '%s\n' "$ROWTIDE_CACHE/$CANAL_HOME"
