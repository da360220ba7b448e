#!/usr/bin/env bash
# Writes what is derived of the Helm chart's sources: see usage below and helm/README.md.
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in common go_build helm chart; do
  # shellcheck source=/dev/null
  . "$scripts/lib/$part.sh"
done

usage() {
  cat <<END
Usage: scripts/chart.sh [--check | --helm]

Writes ${CHART_DERIVED[*]}
of CMakeLists.txt (the version), crds/, helm/rowtide/values.yaml and the chart's templates.

  --check   writes nothing; fails where one of them is not current
  --helm    builds Helm $HELM_VERSION if it is not there, and prints the path of the program
END
}

case ${1:-} in
  "")
    ensure_helm
    chart_derive "$(repo_root)"
    ;;
  --check)
    ensure_helm
    chart_current
    ;;
  --helm)
    ensure_helm
    helm_bin
    ;;
  -h | --help) usage ;;
  *) usage >&2 && exit 2 ;;
esac
