#!/usr/bin/env bash
# A real Redis (Debian's) in a folder of your own, which keeps nothing on disk. See scripts/README.md.
set -euo pipefail

# shellcheck source=scripts/lib/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/server.sh"

export SERVER_NAME=redis-server

server_install() { ensure_packages "${REDIS_PACKAGES[@]}"; }

server_prepare() { mkdir -p "$DATA"; }

server_command() {
  COMMAND=(redis-server --bind "$BIND" --port "$PORT" --dir "$DATA" --save '' "${OPTIONS[@]}")
}

server_answers() { [[ $(redis-cli -h "$BIND" -p "$PORT" ping) == PONG ]]; }

server_more_facts() { :; }

server_main "$@"
