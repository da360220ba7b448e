#!/usr/bin/env bash
# Style and layers: clang-format, shellcheck, what may include what, and clang-tidy over everything, as scripts/test.sh does.
#   scripts/lint.sh [--layers]    --layers: only what may include what (scripts/lib/layers.py has the table)
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in common packages build lint; do
  # shellcheck source=/dev/null
  . "$scripts/lib/$part.sh"
done

case "${1:-}" in
  "") ;;
  --layers)
    lint_layers
    say "no findings"
    exit
    ;;
  *) die "scripts/lint.sh: $1 is unknown; allowed is --layers" ;;
esac

ensure_packages "${LINT_PACKAGES[@]}"
build_preset dev
lint_format
lint_shell
lint_layers
lint_tidy
say "no findings"
