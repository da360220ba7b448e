# shellcheck shell=bash
# The Kubernetes programs, built from the Go module proxy and kept in the cache by version. Needs common.sh and go_build.sh.

KUBERNETES_VERSION=v1.33.13
KUBERNETES_PROGRAMS=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl)

kubernetes_bin() { printf '%s\n' "$ROWTIDE_CACHE/kubernetes-$KUBERNETES_VERSION/bin"; }

# ensure_kubernetes: every program of KUBERNETES_PROGRAMS stands in kubernetes_bin.
ensure_kubernetes() { go_build_once "$ROWTIDE_CACHE/kubernetes-$KUBERNETES_VERSION" kubernetes_build; }

kubernetes_build() {
  local folder missing=() program packages=() staging
  folder=$ROWTIDE_CACHE/kubernetes-$KUBERNETES_VERSION
  for program in "${KUBERNETES_PROGRAMS[@]}"; do
    [[ -x "$folder/bin/$program" ]] || missing+=("$program")
  done
  ((${#missing[@]})) || return 0
  say "Kubernetes $KUBERNETES_VERSION: building ${missing[*]} (about 6 minutes on two cores, once)"
  mkdir -p "$folder/build"
  kubernetes_write_module "$folder/build"
  for program in "${missing[@]}"; do packages+=("k8s.io/kubernetes/cmd/$program"); done
  staging=k8s.io/component-base/version
  go_build_modules "Kubernetes" "$folder/build" "$folder/bin" \
    "-s -w -X $staging.gitVersion=$KUBERNETES_VERSION -X $staging.gitMajor=1 -X $staging.gitMinor=33" "${packages[@]}"
}

# kubernetes_write_module FOLDER: a go.mod that requires Kubernetes and replaces each staging module, as its own go.mod does
# with folders, by the published module of the same release (Kubernetes v1.33.13 <-> k8s.io/api v0.33.13).
kubernetes_write_module() {
  local folder=$1 go_mod staging_version module
  staging_version=v0.${KUBERNETES_VERSION#v1.}
  go_mod=$(GOFLAGS=-mod=mod go mod download -json "k8s.io/kubernetes@$KUBERNETES_VERSION" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
  [[ -r $go_mod ]] || die "Kubernetes: the Go module proxy did not give k8s.io/kubernetes@$KUBERNETES_VERSION ('go env GOPROXY' names it)"
  {
    printf 'module rowtide.local/kubernetes\n\ngo 1.24.0\n\nrequire k8s.io/kubernetes %s\n\nreplace (\n' "$KUBERNETES_VERSION"
    sed -n 's/^[[:space:]]*\(k8s\.io\/[^ ]*\) => \.\/staging.*/\1/p' "$go_mod" | while read -r module; do
      [[ $module == k8s.io/sample-apiserver ]] || printf '\t%s => %s %s\n' "$module" "$module" "$staging_version"
    done
    printf ')\n'
  } >"$folder/go.mod"
  : >"$folder/go.sum"
}
