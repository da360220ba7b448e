#!/usr/bin/env bash
# All tests, on real parts. The last line is "N passed, N failed".
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in common packages build quickstart_cluster lint; do
  # shellcheck source=/dev/null
  . "$scripts/lib/$part.sh"
done

usage() {
  cat <<END
Usage: scripts/test.sh [--fast]

Installs what it needs (as root, or with sudo), builds with AddressSanitizer and UndefinedBehaviorSanitizer, and runs the tests.

  (no option)   style, unit and golden tests, integration tests (MySQL 8, MariaDB, Kafka, kube-apiserver), and end to
                end tests on a real one-node Kubernetes; needs root, Go and a JDK
  --fast        unit and golden tests only
END
}

fast=false
while (($#)); do
  case $1 in
    --fast) fast=true && shift ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
done

root=$(repo_root)
passed=0
failed=0
cluster_was_up=true

# count_result NAME COMMAND...: one check that is no test program.
count_result() {
  local name=$1
  shift
  say "$name"
  if "$@"; then passed=$((passed + 1)); else
    failed=$((failed + 1))
    say "FAILED: $name"
  fi
}

# run_tests LABELS: the ctest tests whose label matches, counted case by case.
run_tests() {
  local results
  results=$(mktemp -d)
  say "tests: $1"
  GTEST_OUTPUT="xml:$results/" ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1 \
    ctest --test-dir "$root/build/dev" --label-regex "$1" --output-on-failure --no-tests=error \
    --output-junit "$results/ctest.xml" >&2 || true
  count_cases "$results"
  rm -rf "$results"
}

# A test program that runs all its cases in one ctest test reports each; a program that died reports none, and is
# counted by ctest's own result.
count_cases() {
  local counts
  counts=$(python3 "$scripts/lib/count_cases.py" "$1")
  passed=$((passed + ${counts% *}))
  failed=$((failed + ${counts#* }))
}

finish() {
  $cluster_was_up || "$scripts/cluster.sh" down >&2 || true
}
trap finish EXIT

ensure_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
build_preset dev
run_tests '^(unit|golden)$'

if ! $fast; then
  ((EUID == 0)) || die "the integration and end to end tests need root: run sudo -E scripts/test.sh, or --fast"
  ensure_packages "${LINT_PACKAGES[@]}" "${SERVER_PACKAGES[@]}"
  count_result "formatting" lint_format
  count_result "shell scripts" lint_shell
  count_result "clang-tidy" lint_tidy
  "$scripts/cluster.sh" status >/dev/null 2>&1 || cluster_was_up=false
  "$scripts/cluster.sh" up
  KUBECONFIG=$("$scripts/cluster.sh" kubeconfig)
  ROWTIDE_TEST_ADDRESS=$("$scripts/cluster.sh" address)
  PATH=$(dirname "$(find "$ROWTIDE_CACHE"/kubernetes-*/bin -name kubectl | tail -n 1)"):$PATH # the cluster's own kubectl
  export KUBECONFIG ROWTIDE_TEST_ADDRESS PATH
  run_tests '^integration$'
  cluster_install_operator
  run_tests '^e2e$'
fi

printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))
