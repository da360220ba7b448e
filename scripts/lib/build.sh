# shellcheck shell=bash
# Building with the presets of CMakePresets.json. Needs common.sh and packages.sh.

# build_preset PRESET [TARGET...]: configures and builds; a line now and then says how far it is. The build folder is
# build/PRESET. Compiled objects are shared by ccache, between checkouts too: paths below the root count as relative.
build_preset() {
  local preset=$1 log
  shift
  ensure_packages "${BUILD_PACKAGES[@]}"
  [[ $preset == release ]] || ensure_packages "${DEV_PACKAGES[@]}"
  log=$(repo_root)/build/$preset.log
  mkdir -p "$(dirname "$log")"
  say "building ($preset)"
  (
    cd "$(repo_root)"
    export CCACHE_DIR=${CCACHE_DIR:-$ROWTIDE_CACHE/ccache} CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
    export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime # what precompiled headers need
    # Configured once; after that the build itself sees what changed.
    [[ -e build/$preset/build.ninja ]] ||
      cmake --preset "$preset" -DCMAKE_CXX_COMPILER_LAUNCHER=ccache >"$log" 2>&1 || build_failed "$log"
    NINJA_STATUS='[%f/%t] ' cmake --build --preset "$preset" ${1:+--target "$@"} 2>&1 | tee -a "$log" | build_progress ||
      build_failed "$log"
  ) || exit 1
}

# One line for every 20 objects.
build_progress() {
  awk -F'[][/]' '/^\[[0-9]+\/[0-9]+\]/ && $2 % 20 == 0 { printf "rowtide:   %d of %d\n", $2, $3 > "/dev/stderr" }'
}

build_failed() {
  grep -E 'error|Error|FAILED' "$1" | head -n 20 >&2
  tail -n 20 "$1" >&2
  die "the build failed; its whole output is in $1"
}
