# shellcheck shell=bash
# shellcheck disable=SC2034  # REFERENCE_DERIVED is read by the scripts that source this file
# What docs/reference/ holds, made of its sources. Needs common.sh and python3-yaml.

REFERENCE_DERIVED=(docs/reference/api.md docs/reference/metrics.md)

# reference_derive ROOT FOLDER: writes every derived file under FOLDER.
reference_derive() {
  mkdir -p "$2/docs/reference"
  python3 "$1/scripts/lib/api_reference.py" "$1/crds/changetrackingtasks.yaml" "$1/crds/consumergroups.yaml" >"$2/docs/reference/api.md" || return
  python3 "$1/scripts/lib/metrics_reference.py" "$1/tracker/serve/metrics.cpp" "$1/operator/metrics/metrics.cpp" \
    >"$2/docs/reference/metrics.md"
}

# Whether what is committed is what the sources give; says what differs.
reference_current() {
  local fresh file rc=0
  fresh=$(mktemp -d)
  reference_derive "$(repo_root)" "$fresh" || rc=1
  for file in "${REFERENCE_DERIVED[@]}"; do
    diff -u "$(repo_root)/$file" "$fresh/$file" >&2 || rc=1
  done
  rm -rf "$fresh"
  ((rc == 0)) || say "docs/reference is not current: run scripts/reference.sh"
  return $rc
}
