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
