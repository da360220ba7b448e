# shellcheck shell=bash
# What every script shares: messages, the cache folder, the checkout's root.

ROWTIDE_CACHE=${ROWTIDE_CACHE:-$HOME/.cache/rowtide}

# say MESSAGE...: one line for the person who watches, on standard error.
say() { printf '%s\n' "rowtide: $*" >&2; }

# die MESSAGE...: says what failed and what to do, and ends the script.
die() {
  printf '%s\n' "rowtide: error: $*" >&2
  exit 1
}

# repo_root: the checkout this file is part of.
repo_root() { (cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd); }

# server_fact NAME FACTS: one of the facts that scripts/servers/*.sh print in a line: HOST=... PORT=... SOCKET=...
server_fact() { tr ' ' '\n' <<<"$2" | sed -n "s|^$1=||p"; }

# rowtide_version: the one version, of the programs, the chart and the packages.
rowtide_version() { sed -n 's/^project(rowtide VERSION \([0-9.]*\) .*/\1/p' "$(repo_root)/CMakeLists.txt"; }

# git_commit: what the programs call the commit (cmake/git_commit.cmake).
git_commit() {
  git -C "$(repo_root)" -c safe.directory="$(repo_root)" describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null || printf 'unknown\n'
}
