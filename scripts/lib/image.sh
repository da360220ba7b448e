# shellcheck shell=bash
# The container image: Debian's base made with debootstrap, the repository's Dockerfile built with buildah, no container engine.
# Needs common.sh and packages.sh.

BASE_IMAGE=docker.io/library/debian:bookworm-slim

# image_buildah ARGUMENT...: buildah with its storage in the cache, without user namespaces or a daemon.
image_buildah() {
  BUILDAH_ISOLATION=chroot buildah --root "$ROWTIDE_CACHE/buildah/storage" --runroot "$ROWTIDE_CACHE/buildah/run" \
    --storage-driver "$(image_storage_driver)" "$@"
}

# image_storage_driver: overlay where the kernel can (not on top of another overlay), else vfs, which copies. Decided once a storage,
# because the two do not see each other's images.
image_storage_driver() {
  local decided=$ROWTIDE_CACHE/buildah/driver work
  if [[ ! -s $decided ]]; then
    mkdir -p "$ROWTIDE_CACHE/buildah"
    work=$(mktemp -d "$ROWTIDE_CACHE/buildah/probe.XXXXXX")
    mkdir "$work"/{lower,upper,work,merged}
    if mount -t overlay overlay -o "lowerdir=$work/lower,upperdir=$work/upper,workdir=$work/work" "$work/merged" 2>/dev/null; then
      umount "$work/merged"
      printf 'overlay\n' >"$decided"
    else
      printf 'vfs\n' >"$decided"
    fi
    rm -rf "$work"
  fi
  cat "$decided"
}

# ensure_base_image: BASE_IMAGE is in the storage, so that the Dockerfile keeps its ordinary FROM. It is made from the machine's own
# package mirror, kept as a tar in the cache and like Docker's slim variant has no manuals, documents or translations.
ensure_base_image() {
  local archive=$ROWTIDE_CACHE/debian-bookworm-slim.tar container
  image_buildah inspect --type image "$BASE_IMAGE" >/dev/null 2>&1 && return 0
  [[ -s $archive ]] || image_make_base_archive "$archive"
  container=$(image_buildah from scratch)
  image_buildah add --quiet "$container" "$archive" / >/dev/null
  image_buildah config --cmd bash --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  image_buildah commit --quiet --rm "$container" "$BASE_IMAGE" >/dev/null
}

# remove_base_image: the next ensure_base_image makes it anew.
remove_base_image() {
  rm -f "$ROWTIDE_CACHE/debian-bookworm-slim.tar"
  image_buildah rmi --force "$BASE_IMAGE" >/dev/null 2>&1 || true
}

# image_make_base_archive FILE: in a subshell, so that its folder goes however it ends. By debootstrap: mmdebstrap, which would leave
# the manuals out by itself, makes a minbase that is 50 MB larger.
image_make_base_archive() (
  file=$1
  mirror=$(image_debian_mirror)
  work=$(mktemp -d "$ROWTIDE_CACHE/debootstrap.XXXXXX")
  trap 'rm -rf --one-file-system "$work"' EXIT
  say "base image: debootstrap of Debian bookworm (about 1 minute, once)"
  debootstrap --variant=minbase bookworm "$work/root" "$mirror" >"$work/log" 2>&1 || {
    tail -n 20 "$work/log" >&2
    die "base image: debootstrap failed; check that the package mirror of /etc/apt answers ('apt-get update')"
  }
  root=$work/root
  cat >"$root/etc/dpkg/dpkg.cfg.d/slim" <<'END'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/locale/*
END
  find "$root/usr/share/doc" -type f ! -name copyright -delete
  find "$root/usr/share/doc" -type d -empty -delete
  rm -rf "$root"/usr/share/{man,info,lintian,locale}/* "$root"/var/cache/{apt,debconf,ldconfig}/* "$root"/var/lib/apt/lists/* \
    "$root"/var/log/* "$root"/etc/machine-id
  : >"$root/etc/machine-id"
  tar --numeric-owner --sort=name -C "$root" --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' -cf "$file.part" .
  mv "$file.part" "$file"
)

# image_debian_mirror: where this machine's apt gets bookworm from.
image_debian_mirror() {
  local mirror
  mirror=$(image_apt_sources | awk '{ print $3; exit }')
  [[ -n $mirror ]] || die "base image: this machine's apt knows no archive of Debian bookworm, component main; add one to /etc/apt/sources.list.d"
  printf '%s\n' "$mirror"
}

# image_apt_sources: this machine's Debian archives as sources.list lines (bookworm first); the archive's key is in the base image.
image_apt_sources() {
  # shellcheck disable=SC2016  # apt's own placeholders
  apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
    awk '$2 ~ /^bookworm/ && $3 == "main" && !seen[$0]++ { print "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] " $0 }' |
    sort -k 4,4
}

# image_lock: one build at a time in this storage; the lock ends with the script.
image_lock() {
  mkdir -p "$ROWTIDE_CACHE/buildah"
  exec 7>"$ROWTIDE_CACHE/buildah/lock"
  flock -w 1800 7 || die "image: another build has been running for 30 minutes (lock $ROWTIDE_CACHE/buildah/lock); end it first"
}

# image_release_storage: buildah leaves its storage mounted on itself.
image_release_storage() { umount "$ROWTIDE_CACHE/buildah/storage/overlay" 2>/dev/null || true; }

# image_build TAG DOCKERFILE [OPTION...]: TAG from that file of the repository. The build borrows this machine's way to Debian's
# packages (mirrors, proxy) and its compiler cache; of these only the empty mount points stay in the image.
image_build() {
  local tag=$1 file=$2 root lent options=()
  shift 2
  root=$(repo_root)
  lent=$(mktemp -d "$ROWTIDE_CACHE/buildah/apt.XXXXXX")
  # shellcheck disable=SC2064  # the name of now
  trap "rm -rf '$lent'; image_release_storage" EXIT
  image_apt_sources >"$lent/sources.list"
  apt-config dump | grep -E '^Acquire::(http|https|ftp|Retries|Check-)' >"$lent/machine.conf" || true
  if [[ -s $lent/sources.list ]]; then options+=(-v "$lent/sources.list:/etc/apt/sources.list:ro"); fi
  options+=(-v "$lent/machine.conf:/etc/apt/apt.conf.d/99machine:ro")
  options+=(--build-arg "JOBS=$(nproc)" --build-arg "COMMIT=$(git_commit)" --build-arg "VERSION=$(rowtide_version)")
  local compiler_cache=${CCACHE_DIR:-$ROWTIDE_CACHE/ccache}
  mkdir -p "$compiler_cache"
  options+=(-v "$compiler_cache:/ccache")
  # What a killed build left behind; the lock says that nobody uses it.
  image_buildah rm --all >/dev/null 2>&1 || true
  say "image: building $tag"
  image_buildah bud --layers --force-rm --pull-never --format docker "${options[@]}" "$@" -t "docker.io/library/$tag" -f "$root/$file" "$root" >&2 ||
    die "image: the build failed; the lines above say at which step of the Dockerfile"
}

# image_reference TAG: with the registry and path that engines add where a name has none. containerd adds none to what it
# imports from an OCI archive, so a pod would not find it by the short name.
image_reference() {
  case $1 in
    *[.:]*/* | localhost/*) printf '%s' "$1" ;;
    */*) printf 'docker.io/%s' "$1" ;;
    *) printf 'docker.io/library/%s' "$1" ;;
  esac
}

# image_write TAG KIND ARCHIVE: the built TAG to ARCHIVE, a docker-archive or an oci-archive.
image_write() {
  local tag=$1 kind=$2 archive=$3
  mkdir -p "$(dirname "$archive")"
  rm -f "$archive.part"
  image_buildah push --quiet "docker.io/library/$tag" "$kind:$archive.part:$(image_reference "$tag")" >/dev/null
  mv "$archive.part" "$archive"
  say "image: $tag in $archive ($(($(stat -c %s "$archive") / 1000000)) MB)"
}
