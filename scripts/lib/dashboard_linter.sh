# shellcheck shell=bash
# Grafana's dashboard linter: built from the Go module proxy and kept in the cache by version. Needs common.sh, go_build.sh.

DASHBOARD_LINTER_MODULE=github.com/grafana/dashboard-linter
DASHBOARD_LINTER_VERSION=v0.0.0-20241224134444-1765d94aec4a # it has no releases
# What go.sum says of the module and of its go.mod: pinned here, because not every checksum database has seen this version.
DASHBOARD_LINTER_SUM=h1:wpyAYX8+Rqu0LIEE7zXBR/qjBH4t0yXvqlRGa1wD5rg=
DASHBOARD_LINTER_MOD_SUM=h1:aeONzEz1tWGxQvxYm5DFxxaJ90JINhRT50TrZ0oXuJM=

dashboard_linter_bin() { printf '%s\n' "$ROWTIDE_CACHE/dashboard-linter-$DASHBOARD_LINTER_VERSION/bin/dashboard-linter"; }

# ensure_dashboard_linter: the program stands at dashboard_linter_bin.
ensure_dashboard_linter() {
  go_build_once "$ROWTIDE_CACHE/dashboard-linter-$DASHBOARD_LINTER_VERSION" dashboard_linter_build
}

dashboard_linter_build() {
  local folder=$ROWTIDE_CACHE/dashboard-linter-$DASHBOARD_LINTER_VERSION
  [[ -x $folder/bin/dashboard-linter ]] && return 0
  say "dashboard linter: building (about 2 minutes on two cores, once)"
  go_build_write_module "$folder/build" dashboard-linter "$DASHBOARD_LINTER_MODULE" "$DASHBOARD_LINTER_VERSION"
  {
    printf '%s %s %s\n' "$DASHBOARD_LINTER_MODULE" "$DASHBOARD_LINTER_VERSION" "$DASHBOARD_LINTER_SUM"
    printf '%s %s/go.mod %s\n' "$DASHBOARD_LINTER_MODULE" "$DASHBOARD_LINTER_VERSION" "$DASHBOARD_LINTER_MOD_SUM"
  } >"$folder/build/go.sum"
  go_build_modules "dashboard linter" "$folder/build" "$folder/bin" "-s -w" "$DASHBOARD_LINTER_MODULE"
}
