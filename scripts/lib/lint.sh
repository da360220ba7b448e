# shellcheck shell=bash
# Style: clang-format, shellcheck, clang-tidy. Needs common.sh.

lint_sources() { git -C "$(repo_root)" ls-files '*.cpp' '*.h' | sed "s|^|$(repo_root)/|"; }

lint_format() { lint_sources | xargs clang-format-16 --dry-run --Werror; }

lint_shell() {
  git -C "$(repo_root)" ls-files '*.sh' .ci/run | (cd "$(repo_root)" && xargs shellcheck --external-sources --severity=warning)
}

# clang-tidy takes long; a file whose text, headers and rules are those that passed before is not looked at again.
lint_tidy() {
  local root known
  root=$(repo_root)
  known=$ROWTIDE_CACHE/tidy
  mkdir -p "$known"
  tidy_one() {
    local root=$1 known=$2 source=$3 key
    key=$( (cat "$root/.clang-tidy" && clang-16 -std=c++20 -E -P -I "$root" -I "$root/build/dev/generated" "$source" 2>/dev/null) | sha256sum | cut -c1-40)
    [[ -e $known/$key ]] && return 0
    if clang-tidy-16 --quiet -p "$root/build/dev" --extra-arg=-Wno-unknown-warning-option --extra-arg=-fno-sanitize=all "$source" 2>/dev/null; then
      : >"$known/$key"
    else
      return 1
    fi
  }
  export -f tidy_one
  git -C "$root" ls-files 'common/*.cpp' 'tracker/*.cpp' 'operator/*.cpp' |
    xargs -P "$(nproc)" -I{} bash -c 'tidy_one "$@"' _ "$root" "$known" "$root/{}"
}
