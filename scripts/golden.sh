#!/usr/bin/env bash
# The golden tests by themselves. See scripts/README.md.
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in common packages build; do
  # shellcheck source=/dev/null
  . "$scripts/lib/$part.sh"
done

usage() {
  cat <<END
Usage: scripts/golden.sh [--update]

Compares what the tracker makes of tests/golden/binlog, and the operator of tests/golden/tasks, with the files beside them.

  --update      writes those files instead; look at 'git diff tests/golden' before you commit them
END
}

case ${1:-} in
  '') ;;
  --update) export ROWTIDE_UPDATE_GOLDEN=1 ;;
  -h | --help) usage && exit 0 ;;
  *) usage >&2 && exit 2 ;;
esac

root=$(repo_root)
ensure_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
build_preset dev
ctest --test-dir "$root/build/dev" --label-regex '^golden$' --output-on-failure --no-tests=error
