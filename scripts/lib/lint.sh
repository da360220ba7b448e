# shellcheck shell=bash
# Style: clang-format, shellcheck, clang-tidy. Needs common.sh.

lint_sources() { git -C "$(repo_root)" ls-files '*.cpp' '*.h' | sed "s|^|$(repo_root)/|"; }

lint_format() { lint_sources | xargs clang-format-16 --dry-run --Werror; }

lint_shell() {
  git -C "$(repo_root)" ls-files '*.sh' .ci/run | (cd "$(repo_root)" && xargs shellcheck --external-sources --severity=warning)
}

# Of the product, after build_preset dev; what passed before is not looked at again.
lint_tidy() {
  mkdir -p "$ROWTIDE_CACHE/tidy"
  python3 "$(repo_root)/scripts/lib/tidy.py" "$(repo_root)" "$ROWTIDE_CACHE/tidy" >&2
}
