#!/usr/bin/env bash
# Runs one fuzz target. See tests/fuzz/README.md.
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in common packages build; do
  # shellcheck source=/dev/null
  . "$scripts/lib/$part.sh"
done

MOST_FILES=200

usage() {
  cat <<END
Usage: scripts/fuzz.sh TARGET MINUTES
       scripts/fuzz.sh --seeds

Fuzzes TARGET (a file of tests/fuzz/targets) for MINUTES with clang and libFuzzer, begins with tests/fuzz/corpus/TARGET and
keeps there what reaches new code, minimised, at most $MOST_FILES files. A finding is left in build/fuzz/findings, and the exit
code is 1. --seeds adds the golden binlog files to the corpora.
END
}

root=$(repo_root)
fuzz=$root/tests/fuzz
built=$root/build/fuzz/tests/fuzz

add_seeds() {
  build_preset fuzz fuzz_seeds
  for file in "$root"/tests/golden/binlog/*; do "$built/fuzz_seeds" "$file" "$fuzz/corpus"; done
}

# The smallest set of files that reaches what all of them reach.
minimise() {
  local corpus=$fuzz/corpus/$1 small
  small=$(mktemp -d)
  "$built/fuzz_$1" -merge=1 "$small" "$2" "$corpus" >/dev/null 2>&1 || die "the corpus of $1 could not be minimised"
  rm -rf "$corpus"
  mkdir -p "$corpus"
  # The smallest first: where there are too many, the large ones go.
  find "$small" -type f -printf '%s %p\n' | sort -n | sed -n "1,${MOST_FILES}p" | cut -d ' ' -f 2 | xargs -r cp -t "$corpus"
  rm -rf "$small"
  chmod 644 "$corpus"/*
}

case ${1:-} in
  --seeds) ensure_packages "${BUILD_PACKAGES[@]}" && add_seeds && exit 0 ;;
  -h | --help) usage && exit 0 ;;
esac
if (($# != 2)) || ! [[ -e $fuzz/targets/$1.cpp && $2 =~ ^[0-9]+$ ]]; then
  usage >&2
  exit 2
fi

target=$1
ensure_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
build_preset fuzz "fuzz_$target"
found=$(mktemp -d)
findings=$root/build/fuzz/findings
mkdir -p "$findings"
say "fuzzing $target for $2 minutes"
ok=true
nice -n 19 "$built/fuzz_$target" -max_total_time=$(($2 * 60)) -timeout=10 -rss_limit_mb=2048 -max_len=16384 \
  -print_final_stats=1 -artifact_prefix="$findings/$target-" "$found" "$fuzz/corpus/$target" \
  >"$root/build/fuzz/$target.log" 2>&1 || ok=false
grep -E 'stat::number_of_executed_units|SUMMARY' "$root/build/fuzz/$target.log" || tail -n 5 "$root/build/fuzz/$target.log"
$ok || die "a finding: see build/fuzz/$target.log and build/fuzz/findings"
minimise "$target" "$found"
rm -rf "$found"
