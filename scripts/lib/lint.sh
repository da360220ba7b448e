# shellcheck shell=bash
# Style and layers: clang-format, shellcheck, what may include what, clang-tidy. Needs common.sh.

lint_sources() { git -C "$(repo_root)" ls-files '*.cpp' '*.h' | sed "s|^|$(repo_root)/|"; }

lint_format() { lint_sources | xargs clang-format-16 --dry-run --Werror; }

lint_shell() {
  git -C "$(repo_root)" ls-files '*.sh' .ci/run 'operator/plugin/kubectl*' | (cd "$(repo_root)" && xargs shellcheck --external-sources --severity=warning)
}

# What each room of the code may include; the check is checked first.
lint_layers() {
  python3 "$(repo_root)/scripts/lib/layers.py" --test >&2 && python3 "$(repo_root)/scripts/lib/layers.py" "$(repo_root)" >&2
}

# Of the product, after build_preset dev; what passed before is not looked at again.
lint_tidy() {
  mkdir -p "$ROWTIDE_CACHE/tidy"
  python3 "$(repo_root)/scripts/lib/tidy.py" "$(repo_root)" "$ROWTIDE_CACHE/tidy" >&2
}
