#!/usr/bin/env bash
# Records the binlog files of tests/golden from real servers. See scripts/README.md.
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$scripts/lib/common.sh"

usage() {
  cat <<END
Usage: scripts/record-golden.sh [CASE...]

Runs each case of tests/golden/cases (or those named) on a fresh server and keeps its binlog as tests/golden/binlog/CASE.
Then scripts/golden.sh --update writes what is expected of it: look at the difference before you commit it.
END
}

[[ ${1:-} != -h && ${1:-} != --help ]] || { usage && exit 0; }
golden=$(repo_root)/tests/golden
work=$(mktemp -d)
server=''

finish() {
  [[ -z $server ]] || "$scripts/servers/$server.sh" stop --dir "$work/server" || true
  rm -rf "$work"
}
trap finish EXIT

# record NAME SERVER SQL_FILES OPTION...: the database starts a file of its own for what the case does.
record() {
  local name=$1 files=$3 sql
  server=$2
  shift 3
  say "recording $name"
  rm -rf "$work/server"
  "$scripts/servers/$server.sh" start --dir "$work/server" -- "$@" >/dev/null
  sql=(mariadb --no-defaults --user=root --socket="$work/server/sql.sock" --default-character-set=utf8mb4)
  "${sql[@]}" -e 'RESET MASTER'
  for file in ${files//,/ }; do "${sql[@]}" <"$golden/sql/$file"; done
  "${sql[@]}" -e 'FLUSH BINARY LOGS'
  cp "$work/server/data/binlog.000001" "$golden/binlog/$name"
  chmod 644 "$golden/binlog/$name"
  "$scripts/servers/$server.sh" stop --dir "$work/server"
  server=''
}

mkdir -p "$golden/binlog"
while read -r -u 3 name kind files options; do
  [[ -n $name && $name != \#* ]] || continue
  (($# == 0)) || [[ " $* " == *" $name "* ]] || continue
  # shellcheck disable=SC2086  # the options are words
  record "$name" "$kind" "$files" $options
done 3<"$golden/cases"
