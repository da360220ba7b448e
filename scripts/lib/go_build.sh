# shellcheck shell=bash
# Programs built from the Go module proxy, with progress. Needs common.sh.

# go_build_modules NAME MODULE_FOLDER OUTPUT_FOLDER LDFLAGS PACKAGE...
# Builds PACKAGEs (import paths) with the go.mod in MODULE_FOLDER, all at once: what they share is compiled once, and one
# is linked while others compile. They appear in OUTPUT_FOLDER only when all are complete.
go_build_modules() {
  local name=$1 module_folder=$2 output=$3 ldflags=$4 total log
  local -r started=$SECONDS
  shift 4
  command -v go >/dev/null || die "$name is built from source and 'go' is not in PATH: install Go 1.24 or newer"
  log="$module_folder/build.log"
  rm -rf "$output.part"
  mkdir -p "$output" "$output.part"
  say "$name: fetching the modules"
  total=$(cd "$module_folder" && GOFLAGS=-mod=mod CGO_ENABLED=0 go list -deps "$@" 2>"$log" | wc -l)
  ((total > 0)) || go_build_failed "$name" "$log"
  say "$name: compiling $total packages"
  (cd "$module_folder" && GOFLAGS=-mod=mod CGO_ENABLED=0 nice go build -v -trimpath -ldflags "$ldflags" \
    -o "$output.part/" "$@" 2>"$log") &
  go_build_watch "$!" "$name" "$log" "$total" || go_build_failed "$name" "$log"
  mv "$output.part"/* "$output"
  rmdir "$output.part"
  say "$name: ready after $((SECONDS - started)) s"
}

# go_build_write_module FOLDER NAME MODULE VERSION: a module in the new FOLDER that needs only that one.
go_build_write_module() {
  mkdir -p "$1"
  printf 'module rowtide.local/%s\n\ngo 1.24.0\n\nrequire %s %s\n' "$2" "$3" "$4" >"$1/go.mod"
  : >"$1/go.sum"
}

# go_build_once FOLDER COMMAND...: COMMAND, which builds into FOLDER what is not there yet; of several scripts at the same time
# one does the work and the others wait. Call it as a plain statement, as once() of server.sh.
go_build_once() {
  local folder=$1
  shift
  mkdir -p "$folder"
  (
    exec 6>"$folder/lock"
    flock 6
    "$@"
  )
}

# go_build_watch PID NAME LOG TOTAL: a line every 20 s until the build ends; gives the build's result.
go_build_watch() {
  local pid=$1 name=$2 log=$3 total=$4 last=$SECONDS
  while kill -0 "$pid" 2>/dev/null; do
    if ((SECONDS - last >= 20)); then
      last=$SECONDS
      say "  $name: $(wc -l <"$log") of at most $total packages compiled"
    fi
    sleep 0.5
  done
  wait "$pid"
}

go_build_failed() {
  tail -n 20 "$2" >&2
  die "building $1 failed (whole log: $2). Check that the Go module proxy answers ('go env GOPROXY') and that the disk has 5 GB free"
}
