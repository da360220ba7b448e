#!/usr/bin/env bash
# The public consumer SDK of Alibaba Cloud DTS with all it needs, from Maven Central. Prints the folder of its jars. For
# the test that reads dts-avro with it, and for a look by hand:
#   java --add-exports java.base/sun.util.calendar=ALL-UNNAMED -cp "$(scripts/dts-sdk.sh)/*" tests/integration/DtsReader.java
set -euo pipefail

# shellcheck source=scripts/lib/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/server.sh"

SDK_VERSION=2.0.0
SDK_HOME=dts-sdk-$SDK_VERSION

dts_sdk_fetch() { maven_classpath_folder "$1" "com.aliyun.dts:dts-new-subscribe-sdk:$SDK_VERSION"; }

ensure_packages maven default-jdk-headless
once "$SDK_HOME" dts_sdk_fetch
printf '%s\n' "$ROWTIDE_CACHE/$SDK_HOME"
