#!/usr/bin/env bash
# Writes the references of docs/reference: see usage below.
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in common packages reference; do
  # shellcheck source=/dev/null
  . "$scripts/lib/$part.sh"
done

usage() {
  cat <<END
Usage: scripts/reference.sh [--check]

Writes ${REFERENCE_DERIVED[*]}
of crds/ and of the code that adds the metrics.

  --check   writes nothing; fails where one of them is not current
END
}

case ${1:-} in
  "")
    ensure_packages "${DOCS_PACKAGES[@]}"
    reference_derive "$(repo_root)" "$(repo_root)"
    ;;
  --check)
    ensure_packages "${DOCS_PACKAGES[@]}"
    reference_current
    ;;
  -h | --help) usage ;;
  *) usage >&2 && exit 2 ;;
esac
