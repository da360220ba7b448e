# shellcheck shell=bash
# shellcheck disable=SC2034  # the sets are read by the scripts that source this file
# Debian packages: which ones each part needs, and how the missing ones are installed. Needs common.sh.

BUILD_PACKAGES=(
  g++ cmake ninja-build ccache pkg-config
  libcpprest-dev libyaml-cpp-dev default-libmysqlclient-dev librdkafka-dev prometheus-cpp-dev libcpp-httplib-dev
  libfmt-dev libspdlog-dev nlohmann-json3-dev libabsl-dev libcli11-dev
  libre2-dev libsimdjson-dev libboost-dev libboost-system-dev libssl-dev zlib1g-dev libzstd-dev
)

# What the presets other than release compile with, and what makes the sanitizers' reports readable.
DEV_PACKAGES=(clang-16 libclang-rt-16-dev lld-16 llvm-16)

# percona-toolkit: the real pt-online-schema-change; python3-yaml: the chart's tests read what Helm renders; the shells
# complete, groff shows the manual pages; python3-confluent-kafka, -pymysql, -cryptography (for
# MySQL 8's passwords), -redis: the examples in Python.
TEST_PACKAGES=(
  libgtest-dev libgmock-dev python3 python3-yaml percona-toolkit zsh fish groff-base jq
  python3-confluent-kafka python3-pymysql python3-cryptography python3-redis
)

# prometheus: with promtool, for the chart's alerts and dashboards.
MONITORING_PACKAGES=(prometheus python3 python3-yaml)

# What docs/reference is made with, and what the documents' tests need.
DOCS_PACKAGES=(python3 python3-yaml)

# dpkg-shlibdeps, and what it asks.
RELEASE_PACKAGES=(dpkg-dev file python3)

LINT_PACKAGES=(clang-format-16 clang-tidy-16 shellcheck)

# A first look at the tracker: one server, nothing compiled, no Java.
QUICKSTART_PACKAGES=(mariadb-server mariadb-client curl jq)

# What scripts/servers/NAME.sh needs. The MySQL servers themselves, MariaDB 11.4 and the broker come from Maven Central.
MARIADB_PACKAGES=(mariadb-server mariadb-client)
MYSQL_PACKAGES=(libaio1 libnuma1 libncurses6 mariadb-client maven default-jdk-headless)
MARIADB114_PACKAGES=(libsystemd0 mariadb-client maven default-jdk-headless)
KAFKA_PACKAGES=(maven default-jdk-headless kcat)
DEBEZIUM_PACKAGES=(maven default-jdk-headless curl)
REDIS_PACKAGES=(redis-server)
APISERVER_PACKAGES=(etcd-server openssl)
SERVER_PACKAGES=("${MARIADB_PACKAGES[@]}" "${MARIADB114_PACKAGES[@]}" "${MYSQL_PACKAGES[@]}" "${KAFKA_PACKAGES[@]}" "${DEBEZIUM_PACKAGES[@]}" "${REDIS_PACKAGES[@]}" sysbench)

CLUSTER_PACKAGES=(
  etcd-server containerd runc containernetworking-plugins iptables iproute2 conntrack socat openssl
  buildah debootstrap curl ca-certificates
)

# ensure_packages PACKAGE...: installs the ones that are missing. No service is started by it, so that a port is never
# taken and no daemon is left behind.
ensure_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0
  command -v apt-get >/dev/null ||
    die "these Debian 12 packages are missing and this system has no apt-get: ${missing[*]}. Install their equivalents by hand"
  say "installing ${missing[*]}"
  (install_packages "${missing[@]}") || exit 1
}

# missing_packages PACKAGE...: one line for each that is not installed, each once.
missing_packages() {
  comm -23 <(printf '%s\n' "$@" | sort -u) \
    <(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^ii  *//p' | sort -u)
}

# In a subshell of its own: the trap that lifts the ban on service starts must run however the installation ends.
# One at a time, because the ban is one file for all.
install_packages() {
  local log total
  mkdir -p "$ROWTIDE_CACHE"
  exec 8>"$ROWTIDE_CACHE/packages.lock"
  flock 8
  log=$(mktemp)
  # shellcheck disable=SC2064  # the name of now
  trap "allow_service_starts; rm -f '$log'" EXIT
  apt_get update >"$log" 2>&1 || packages_failed "$log" "'apt-get update' failed"
  total=$(apt_get install --simulate --no-install-recommends "$@" 2>"$log" | grep -c '^Inst ') ||
    packages_failed "$log" "apt cannot install $*"
  forbid_service_starts
  apt_get install --no-install-recommends "$@" 2>&1 | tee "$log" | packages_progress "$total" ||
    packages_failed "$log" "installing $* failed"
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get --yes --quiet -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
}

# as_root COMMAND...: runs it as root, through sudo where needed.
as_root() {
  if ((EUID == 0)); then
    "$@"
  else
    command -v sudo >/dev/null || die "'$*' needs root, and there is no sudo: run this script as root"
    sudo "$@"
  fi
}

# packages_progress TOTAL: a line for every 25 of the packages that apt reports as set up.
packages_progress() {
  awk -v total="$1" '/^Setting up / { if (++done % 25 == 0) printf "rowtide:   %d of %d packages set up\n", done, total > "/dev/stderr" }'
}

packages_failed() {
  tail -n 20 "$1" >&2
  die "$2. The lines above say why; check the network and 'apt-get update'"
}

POLICY_FILE=/usr/sbin/policy-rc.d
POLICY_MARK='rowtide: no service starts while packages are installed'

# Debian asks policy-rc.d before it starts a service; 101 is "no". A policy that the machine already has stays as it is
# and is put aside for the moment.
forbid_service_starts() {
  local policy
  grep -qsF "$POLICY_MARK" "$POLICY_FILE" || ! [[ -e $POLICY_FILE ]] || as_root mv "$POLICY_FILE" "$POLICY_FILE.rowtide-saved"
  policy=$(printf '#!/bin/sh\n# %s\nexit 101' "$POLICY_MARK")
  printf '%s\n' "$policy" | as_root tee "$POLICY_FILE" >/dev/null
  as_root chmod 755 "$POLICY_FILE"
}

allow_service_starts() {
  grep -qsF "$POLICY_MARK" "$POLICY_FILE" && as_root rm -f "$POLICY_FILE"
  ! [[ -e $POLICY_FILE.rowtide-saved ]] || as_root mv "$POLICY_FILE.rowtide-saved" "$POLICY_FILE"
}
