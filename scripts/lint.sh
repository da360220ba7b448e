#!/usr/bin/env bash
# Style: clang-format, shellcheck and clang-tidy over everything, as scripts/test.sh does.
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in common packages build lint; do
  # shellcheck source=/dev/null
  . "$scripts/lib/$part.sh"
done

ensure_packages "${LINT_PACKAGES[@]}"
build_preset dev
lint_format
lint_shell
lint_tidy
say "no findings"
