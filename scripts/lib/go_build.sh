# shellcheck shell=bash
# Programs built from the Go module proxy, with progress. Needs common.sh.

# go_build_modules NAME MODULE_FOLDER OUTPUT_FOLDER LDFLAGS PACKAGE...
# Builds PACKAGEs (import paths) with the go.mod in MODULE_FOLDER. A program appears in OUTPUT_FOLDER only when it is complete.
go_build_modules() {
  local name=$1 module_folder=$2 output=$3 ldflags=$4 package program total started log
  shift 4
  command -v go >/dev/null || die "$name is built from source and 'go' is not in PATH: install Go 1.24 or newer"
  mkdir -p "$output"
  log="$module_folder/build.log"
  : >"$log"
  for package in "$@"; do
    program=${package##*/}
    [[ -x "$output/$program" ]] && continue
    started=$SECONDS
    say "$name: fetching the modules of $program"
    total=$(cd "$module_folder" && GOFLAGS=-mod=mod CGO_ENABLED=0 go list -deps "$package" 2>>"$log" | wc -l)
    ((total > 0)) || go_build_failed "$name" "$program" "$log"
    say "$name: building $program ($total packages)"
    : >"$log.$program"
    (cd "$module_folder" && GOFLAGS=-mod=mod CGO_ENABLED=0 nice go build -v -trimpath -ldflags "$ldflags" \
      -o "$output/.$program.part" "$package" 2>"$log.$program") &
    go_build_watch "$!" "$program" "$log.$program" "$total" || {
      cat "$log.$program" >>"$log"
      go_build_failed "$name" "$program" "$log"
    }
    mv "$output/.$program.part" "$output/$program"
    say "$name: $program ready after $((SECONDS - started)) s"
  done
}

# go_build_watch PID PROGRAM LOG TOTAL: a line every 20 s until the build ends; gives the build's result.
go_build_watch() {
  local pid=$1 program=$2 log=$3 total=$4 last=$SECONDS
  while kill -0 "$pid" 2>/dev/null; do
    if ((SECONDS - last >= 20)); then
      last=$SECONDS
      say "  $program: $(wc -l <"$log") of at most $total packages compiled"
    fi
    sleep 0.5
  done
  wait "$pid"
}

go_build_failed() {
  tail -n 20 "$3" >&2
  die "$1: building $2 failed (whole log: $3). Check that the Go module proxy answers ('go env GOPROXY') and that the disk has 5 GB free"
}
