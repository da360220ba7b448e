#!/usr/bin/env bash
# A first look at Rowtide. Without options: a private MariaDB, the tracker, a small shop's changes as they commit.
# With --cluster: the same on a real one-node Kubernetes with the operator, MySQL 8 and Kafka.
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in common packages ports build go_build helm quickstart_local quickstart_cluster; do
  # shellcheck source=/dev/null
  . "$scripts/lib/$part.sh"
done

usage() {
  cat <<END
Usage: scripts/quickstart.sh [--cluster] [--keep]

Installs what it needs from Debian's packages (as root, or with sudo), builds Rowtide and shows it at work.

  (no option)   a private MariaDB on loopback, its data in a temporary folder; rowtide-tracker prints each change
  --cluster     a real one-node Kubernetes on this machine, MySQL 8 and Kafka; needs root, Go and a JDK
  --keep        leave everything running at the end, and say how to look at it and how to end it
END
}

cluster=false
keep=false
while (($#)); do
  case $1 in
    --cluster) cluster=true && shift ;;
    --keep) keep=true && shift ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
done

if $cluster; then
  quickstart_cluster "$keep"
else
  quickstart_local "$keep"
fi
