# shellcheck shell=bash
# kube-state-metrics: built from the Go module proxy and kept in the cache by version. Needs common.sh, go_build.sh.

KUBE_STATE_METRICS_VERSION=v2.15.0
KUBE_STATE_METRICS_MODULE=k8s.io/kube-state-metrics/v2

kube_state_metrics_bin() { printf '%s\n' "$ROWTIDE_CACHE/kube-state-metrics-$KUBE_STATE_METRICS_VERSION/bin/kube-state-metrics"; }

# ensure_kube_state_metrics: the program stands at kube_state_metrics_bin.
ensure_kube_state_metrics() {
  go_build_once "$ROWTIDE_CACHE/kube-state-metrics-$KUBE_STATE_METRICS_VERSION" kube_state_metrics_build
}

kube_state_metrics_build() {
  local folder=$ROWTIDE_CACHE/kube-state-metrics-$KUBE_STATE_METRICS_VERSION
  [[ -x $folder/bin/kube-state-metrics ]] && return 0
  say "kube-state-metrics $KUBE_STATE_METRICS_VERSION: building (about 2 minutes on two cores, once)"
  go_build_write_module "$folder/build" kube-state-metrics "$KUBE_STATE_METRICS_MODULE" "$KUBE_STATE_METRICS_VERSION"
  go_build_modules "kube-state-metrics" "$folder/build" "$folder/bin" "-s -w" "$KUBE_STATE_METRICS_MODULE"
}
