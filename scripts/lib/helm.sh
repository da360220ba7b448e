# shellcheck shell=bash
# Helm: built from the Go module proxy and kept in the cache by version. Needs common.sh, go_build.sh.

HELM_VERSION=v3.19.5

helm_bin() { printf '%s\n' "$ROWTIDE_CACHE/helm-$HELM_VERSION/bin/helm"; }

# ensure_helm: the program stands at helm_bin.
ensure_helm() {
  local folder=$ROWTIDE_CACHE/helm-$HELM_VERSION
  [[ -x $folder/bin/helm ]] && return 0
  say "Helm $HELM_VERSION: building (about 3 minutes on two cores, once)"
  mkdir -p "$folder/build"
  printf 'module rowtide.local/helm\n\ngo 1.24.0\n\nrequire helm.sh/helm/v3 %s\n' "$HELM_VERSION" >"$folder/build/go.mod"
  : >"$folder/build/go.sum"
  go_build_modules "Helm" "$folder/build" "$folder/bin" \
    "-s -w -X helm.sh/helm/v3/internal/version.version=$HELM_VERSION" helm.sh/helm/v3/cmd/helm
}
