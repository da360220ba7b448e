# shellcheck shell=bash
# Helm: built from the Go module proxy and kept in the cache by version. Needs common.sh, go_build.sh.

HELM_VERSION=v3.19.5
HELM_KUBERNETES_MINOR=34 # the client libraries' that it is built with; what `helm template` and `helm lint` render for

helm_bin() { printf '%s\n' "$ROWTIDE_CACHE/helm-$HELM_VERSION/bin/helm"; }

# ensure_helm: the program stands at helm_bin.
ensure_helm() {
  go_build_once "$ROWTIDE_CACHE/helm-$HELM_VERSION" helm_build
}

helm_build() {
  local folder=$ROWTIDE_CACHE/helm-$HELM_VERSION flags="-s -w -X helm.sh/helm/v3/internal/version.version=$HELM_VERSION" package
  [[ -x $folder/bin/helm ]] && return 0
  say "Helm $HELM_VERSION: building (about 3 minutes on two cores, once)"
  go_build_write_module "$folder/build" helm helm.sh/helm/v3 "$HELM_VERSION"
  # As Helm's own Makefile does.
  for package in chartutil lint/rules; do
    flags+=" -X helm.sh/helm/v3/pkg/$package.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/$package.k8sVersionMinor=$HELM_KUBERNETES_MINOR"
  done
  go_build_modules "Helm" "$folder/build" "$folder/bin" "$flags" helm.sh/helm/v3/cmd/helm
}
