# shellcheck shell=bash
# What is derived of the Helm chart's sources, and its tests. Needs common.sh, go_build.sh, helm.sh.

CHART_DERIVED=(helm/rowtide/Chart.yaml helm/rowtide/files/changetrackingtasks.yaml helm/rowtide/files/consumergroups.yaml
  helm/rowtide/README.md helm/rowtide.yaml)

# chart_derive ROOT: the chart's versions, the CRDs inside it, the table of settings, and the static manifest, of the checkout ROOT.
chart_derive() {
  local root=$1 chart=$1/helm/rowtide
  sed -i -E "s/^(version|appVersion): .*/\1: $(rowtide_version)/" "$chart/Chart.yaml"
  cp "$root"/crds/*.yaml "$chart/files/"
  chart_readme "$chart" >"$chart/README.md.part"
  mv "$chart/README.md.part" "$chart/README.md"
  chart_static_manifest "$chart" >"$root/helm/rowtide.yaml.part"
  mv "$root/helm/rowtide.yaml.part" "$root/helm/rowtide.yaml"
}

# The README as it is, with the table made anew.
chart_readme() {
  sed '/^<!-- settings/q' "$1/README.md"
  printf '\n'
  python3 "$(repo_root)/scripts/lib/chart_readme.py" "$1/values.yaml"
}

chart_static_manifest() {
  cat <<END_OF_HEAD
# Rowtide without Helm: kubectl apply --server-side -f helm/rowtide.yaml
# Made of helm/rowtide by scripts/chart.sh: change that.
END_OF_HEAD
  chart_manifest "$1" --set image.tag=dev
}

# chart_manifest CHART OPTION...: what Helm makes of the chart, and the namespace. What nobody but Helm reads is left out.
chart_manifest() {
  local chart=$1
  shift
  cat <<END_OF_HEAD
apiVersion: v1
kind: Namespace
metadata:
  name: rowtide-system
  labels:
    pod-security.kubernetes.io/enforce: restricted
END_OF_HEAD
  "$(helm_bin)" template rowtide "$chart" --namespace rowtide-system --kube-version 1.33 --skip-tests --set crds.keep=false "$@" |
    sed -e '/^ *helm\.sh\/chart:/d' -e '/^ *app\.kubernetes\.io\/managed-by: Helm$/d' -e '/^# Source:/d'
}

# chart_current: does everything derived agree with its sources?
chart_current() {
  local root work path result=0
  root=$(repo_root)
  work=$(mktemp -d)
  mkdir "$work/crds"
  cp "$root"/crds/*.yaml "$work/crds/"
  cp -r "$root/helm" "$work/helm"
  chart_derive "$work" || result=1
  for path in "${CHART_DERIVED[@]}"; do
    diff -u "$root/$path" "$work/$path" >&2 || {
      say "$path is not what its sources make of it: run scripts/chart.sh"
      result=1
    }
  done
  rm -rf "$work"
  return "$result"
}

# chart_previous FOLDER: the chart as it was before its last change becomes FOLDER/helm/rowtide. The chart as it is where the
# history has no earlier one (a shallow checkout).
chart_previous() {
  local root commits commit
  root=$(repo_root)
  mapfile -t commits < <(git -C "$root" rev-list -n 2 HEAD -- helm/rowtide 2>/dev/null)
  commit=${commits[0]:-}
  [[ -n $(git -C "$root" status --porcelain -- helm/rowtide) ]] || commit=${commits[1]:-}
  mkdir -p "$1/helm"
  if [[ -n $commit ]]; then
    say "previous chart: of commit $commit"
    git -C "$root" archive "$commit" helm/rowtide | tar -x -C "$1"
  else
    say "previous chart: none in the history; the upgrade begins with the chart as it is"
    cp -r "$root/helm/rowtide" "$1/helm/rowtide"
  fi
}
