#!/usr/bin/env bash
# All tests, on real parts. The last line is "N passed, N failed".
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in common packages build go_build kubernetes helm dashboard_linter kube_state_metrics chart release reference quickstart_cluster lint; do
  # shellcheck source=/dev/null
  . "$scripts/lib/$part.sh"
done

usage() {
  cat <<END
Usage: scripts/test.sh [--fast] [--only REGEX]

Installs what it needs (as root, or with sudo), builds the product with AddressSanitizer and UndefinedBehaviorSanitizer, and
runs the tests. At the end stands how long each stage took.

  (no option)    style, unit and golden tests, integration tests (MySQL 8, MariaDB, Kafka, kube-apiserver), and end to
                 end tests on a real one-node Kubernetes; needs root, Go and a JDK
  --fast         unit and golden tests only
  --only REGEX   only the test programs (ctest -N lists them) whose name matches, and of the other stages only what they
                 need; GTEST_FILTER chooses among their cases
END
}

fast=false
only=
while (($#)); do
  case $1 in
    --fast) fast=true && shift ;;
    --only) only=${2:?--only needs a regular expression} && shift 2 ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
done

root=$(repo_root)
passed=0
failed=0
cluster_was_up=true
previous_chart=
failures=$(mktemp)
stages=()

# stage NAME COMMAND...: runs it and remembers how long it took.
stage() {
  local name=$1 begin=$SECONDS
  shift
  "$@"
  stages+=("$(printf '%-28s %3d:%02d' "$name" $(((SECONDS - begin) / 60)) $(((SECONDS - begin) % 60)))")
}

# count_result NAME COMMAND...: one check that is no test program.
count_result() {
  local name=$1
  shift
  say "$name"
  if "$@"; then passed=$((passed + 1)); else
    failed=$((failed + 1))
    say "FAILED: $name"
    printf '%s: see above\n' "$name" >>"$failures"
  fi
}

lint() {
  ensure_packages "${LINT_PACKAGES[@]}"
  ensure_helm
  count_result "formatting" lint_format
  count_result "shell scripts" lint_shell
  count_result "layers" lint_layers
  count_result "chart: what is derived of its sources" chart_current
  count_result "references: what is made of their sources" reference_current
}

# has_tests LABELS: are there any of this label to be run? Only --only may choose that there are none.
has_tests() {
  [[ -z $only ]] || [[ $(ctest --test-dir "$root/build/dev" -N -L "^($1)\$" -R "$only") == *'  Test '* ]]
}

# run_tests LABELS [JOBS]: the ctest tests of these labels (a|b), counted case by case.
run_tests() {
  local results pool
  results=$(mktemp -d) pool=$(mktemp -d)
  printf '%s\n' $$ >"$pool/owner"
  say "tests: $1"
  ROWTIDE_SERVER_POOL=$pool GTEST_OUTPUT="xml:$results/" \
    ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1 ASAN_SYMBOLIZER_PATH=/usr/lib/llvm-16/bin/llvm-symbolizer \
    ctest --test-dir "$root/build/dev" -L "^($1)\$" ${only:+-R "$only"} --parallel "${2:-1}" --output-on-failure \
    --no-tests=error --output-junit "$results/ctest.xml" >&2 || true
  count_cases "$results"
  discard_pool "$pool"
  rm -rf "$results" "$pool"
}

# discard_pool FOLDER: the servers that test programs have passed on to each other (tests/support/server_pool.h).
discard_pool() {
  local folder name
  for folder in "$1"/*/s; do
    [[ -d $folder ]] || continue
    name=$(basename "$(dirname "$folder")")
    "$scripts/servers/${name%-*}.sh" discard --dir "$folder" || say "$name of the tests was not stopped"
  done
}

# A test program that runs all its cases in one ctest test reports each; a program that died reports none, and is
# counted by ctest's own result.
count_cases() {
  local counts
  counts=$(python3 "$scripts/lib/count_cases.py" "$1" "$failures") || counts="0 1"
  passed=$((passed + ${counts% *}))
  failed=$((failed + ${counts#* }))
}

# What the tests of the labels integration and system run, beside our own programs. All of it is fetched here: the time limits of the tests
# are not made for a cold cache.
system_tools() {
  local server client
  ensure_packages "${SERVER_PACKAGES[@]}" "${MONITORING_PACKAGES[@]}" "${RELEASE_PACKAGES[@]}"
  ensure_helm
  ensure_dashboard_linter
  for server in "$scripts"/servers/*.sh; do "$server" install; done
  for client in kafka-tools dts-sdk canal-client aliyun-sdk; do "$scripts/$client.sh" >/dev/null; done
  (cd "$root/examples/consumers/go" && go mod download) || die "the modules of examples/consumers/go cannot be fetched. The lines above say why"
  ROWTIDE_HELM=$(helm_bin)
  ROWTIDE_DASHBOARD_LINTER=$(dashboard_linter_bin)
  ROWTIDE_KUBERNETES_BIN=$(kubernetes_bin)
  export ROWTIDE_HELM ROWTIDE_DASHBOARD_LINTER ROWTIDE_KUBERNETES_BIN
}

cluster_up() {
  "$scripts/cluster.sh" status >/dev/null 2>&1 || cluster_was_up=false
  "$scripts/cluster.sh" up
  KUBECONFIG=$("$scripts/cluster.sh" kubeconfig)
  ROWTIDE_TEST_ADDRESS=$("$scripts/cluster.sh" address)
  PATH=$(dirname "$(find "$ROWTIDE_CACHE"/kubernetes-*/bin -name kubectl | tail -n 1)"):$PATH # the cluster's own kubectl
  export KUBECONFIG ROWTIDE_TEST_ADDRESS PATH
}

# What runs beside a tracker in a pod; the operator's image comes as a docker-archive, this one as an OCI archive.
load_application() {
  local archive
  archive=$("$scripts/build-image.sh" --file tests/e2e/application/Dockerfile --tag rowtide-application:dev --oci \
    --output "$ROWTIDE_CACHE/images/rowtide-application.tar")
  "$scripts/cluster.sh" load-image "$archive" >/dev/null
}

# What the end to end tests run on the host; fetched before them, as in system_tools.
host_servers() {
  "$scripts/servers/mysql.sh" install
  "$scripts/servers/kafka.sh" install
}

# What the end to end tests of the dashboards run, beside the cluster.
dashboard_tools() {
  ensure_packages "${MONITORING_PACKAGES[@]}"
  ensure_helm
  ensure_kube_state_metrics
  ROWTIDE_HELM=$(helm_bin)
  ROWTIDE_KUBE_STATE_METRICS=$(kube_state_metrics_bin)
  export ROWTIDE_HELM ROWTIDE_KUBE_STATE_METRICS
}

# What the chart's end to end tests look for.
find_chart_tools() {
  previous_chart=$(mktemp -d)
  chart_previous "$previous_chart"
  ROWTIDE_PREVIOUS_CHART=$previous_chart/helm/rowtide
  PATH=$(dirname "$(helm_bin)"):$PATH
  export ROWTIDE_PREVIOUS_CHART PATH
}

# At the end, however that comes: a log that is cut has its end at least.
show_failures() {
  if [[ -s $failures ]]; then say "what failed:" && sed 's/^/  /' "$failures" >&2; fi
  : >"$failures"
}

finish() {
  show_failures
  rm -rf "$previous_chart" "$failures"
  $cluster_was_up || "$scripts/cluster.sh" down >&2 || true
}
trap finish EXIT

stage "packages" ensure_packages "${BUILD_PACKAGES[@]}" "${DEV_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
stage "build" build_preset dev
$fast || ((EUID == 0)) || die "the integration and end to end tests need root: run sudo -E scripts/test.sh, or --fast"
# The golden tests and the servers wait and work by turns: twice as many programs as processors keep these busy.
if has_tests 'unit|golden'; then stage "unit and golden tests" run_tests 'unit|golden' $(($(nproc) * 2)); fi
if ! $fast; then
  if [[ -z $only ]]; then
    stage "formatting, shell scripts, derived files" lint
    stage "clang-tidy" count_result "clang-tidy" lint_tidy
  fi
  if has_tests 'integration|system'; then
    stage "servers, tools" system_tools
    # They wait for servers about as long as they work.
    stage "integration and system tests" run_tests 'integration|system' $(($(nproc) * 2))
  fi
  if has_tests kube || has_tests e2e; then stage "Kubernetes" cluster_up; fi
  if has_tests kube; then stage "kube tests" run_tests kube; fi
  if has_tests e2e; then
    stage "image, operator" cluster_install_operator
    stage "image of an application" load_application
    stage "servers on the host" host_servers
    stage "tools of the dashboards" dashboard_tools
    find_chart_tools
    stage "end to end tests" run_tests e2e 3 # they wait for pods more than they work
  fi
fi

say "how long it took, in minutes:"
printf '  %s\n' "${stages[@]}" >&2
show_failures
printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))
