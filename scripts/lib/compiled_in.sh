# shellcheck shell=bash
# The Debian packages whose headers a build has compiled in, for the SBOM: dpkg tells only those that a program is linked with.

# compiled_in BUILD_FOLDER: "PACKAGE VERSION ARCHITECTURE", a line each; fails where there is none.
compiled_in() {
  local packages
  packages=$(
    ninja -C "$1" -t deps | sed -n 's|^ *\(/usr/.*\)|\1|p' | sort -u |
      { xargs dpkg --search 2>/dev/null || true; } | # a file of no package is no package's
      sed '/^diversion by /d; s/: .*//; s/, /\n/g' | sort -u
  )
  [[ -n $packages ]] || { echo "compiled_in: $1 has no header of any package: is it a Ninja build on Debian?" >&2 && return 1; }
  # shellcheck disable=SC2086  # a word each
  dpkg-query -W -f '${Package} ${Version} ${Architecture}\n' $packages
}
