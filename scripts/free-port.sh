#!/usr/bin/env bash
# A free TCP port of an address of this machine, for a program that cannot take port 0: scripts/free-port.sh [ADDRESS]
set -euo pipefail

scripts=$(dirname "${BASH_SOURCE[0]}")
for part in common ports; do
  # shellcheck source=/dev/null
  . "$scripts/lib/$part.sh"
done
free_port "${1:-127.0.0.1}"
