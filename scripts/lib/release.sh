# shellcheck shell=bash
# What a release is made of. Needs common.sh, helm.sh, chart.sh; for the image packages.sh and image.sh too.

release_architecture() { dpkg --print-architecture; }

# release_time: seconds since the epoch that every file of the release bears: the commit's.
release_time() { git -C "$(repo_root)" -c safe.directory="$(repo_root)" log -1 --format=%ct 2>/dev/null || date +%s; }

# release_clean: is everything committed? Not where there is no checkout to tell.
release_clean() {
  local changed
  changed=$(git -C "$(repo_root)" -c safe.directory="$(repo_root)" status --porcelain 2>/dev/null) || return 1
  [[ -z $changed ]]
}

# release_image TAG FOLDER OUTPUT: builds the image and writes it to OUTPUT as an OCI archive; FOLDER gets what the rest of
# the release is made of: the programs (bin/), dpkg's list of the image's packages (status), what was compiled in
# (compiled-in) and whose licences (doc/). In a subshell of its own, because image_build leaves a trap behind.
release_image() (
  tag=$1 folder=$2 output=$3
  image_lock
  # With Debian's packages of today, not with those of the day on which this machine built first.
  remove_base_image
  ensure_base_image
  image_build "$tag" Dockerfile --no-cache --timestamp "$(release_time)"
  image_write "$tag" oci-archive "$output"
  container=$(image_buildah from --pull-never "docker.io/library/$tag")
  root=$(image_buildah mount "$container")
  mkdir -p "$folder/bin"
  cp "$root"/usr/local/bin/rowtide-{tracker,operator} "$folder/bin/"
  cp "$root/var/lib/dpkg/status" "$folder/status"
  cp "$root/usr/local/share/rowtide/compiled-in" "$folder/compiled-in"
  cp -r "$root/usr/local/share/doc/rowtide" "$folder/doc"
  image_buildah rm "$container" >/dev/null
)

# release_tree BIN DOC ROOT: the programs of the folder BIN, their manual pages and completions, kubectl's plugin, and the licences of
# the folder DOC, as they are installed below ROOT.
release_tree() {
  local bin=$1 doc=$2 usr=$3/usr program page
  install -d "$3/DEBIAN" "$usr/share/man/man1" "$usr/share/man/man8" "$usr/share/bash-completion/completions" \
    "$usr/share/zsh/vendor-completions" "$usr/share/fish/vendor_completions.d" "$usr/share/doc/rowtide"
  for page in rowtide-tracker.1 rowtide-operator.8; do
    program=${page%.*}
    install -D "$bin/$program" "$usr/bin/$program"
    "$bin/$program" man | gzip -9n >"$usr/share/man/man${page##*.}/$page.gz"
    "$bin/$program" completion bash >"$usr/share/bash-completion/completions/$program"
    "$bin/$program" completion zsh >"$usr/share/zsh/vendor-completions/_$program"
    "$bin/$program" completion fish >"$usr/share/fish/vendor_completions.d/$program.fish"
  done
  install "$(repo_root)"/operator/plugin/kubectl*-rowtide "$usr/bin/"
  install -m 644 "$doc"/* "$usr/share/doc/rowtide/"
  cat >"$usr/share/doc/rowtide/copyright" <<'END'
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: rowtide

Files: *
Copyright: The Rowtide authors
License: Apache-2.0
 The licence is in LICENSE; those of what is compiled in are in PACKAGE.copyright.
END
}

# release_depends ROOT: what the programs below ROOT need, as dpkg-shlibdeps tells: "libfmt9 (>= 9.1.0), ..."
release_depends() (
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/debian"
  printf 'Source: rowtide\n\nPackage: rowtide\nArchitecture: any\n' >"$work/debian/control"
  cd "$work" || exit 1
  dpkg-shlibdeps --warnings=0 -O "$1"/usr/bin/rowtide-* | sed 's/^shlibs:Depends=//'
)

# release_packages ROOT DEPENDS OUTPUT: the Debian package of the tree ROOT, and a tarball of the same.
release_packages() {
  local root=$1 depends=$2 output=$3 version architecture name
  version=$(rowtide_version)
  architecture=$(release_architecture)
  name=rowtide-$version-linux-$architecture
  release_tar "$root/usr" . --transform "s|^\\.|$name|" | gzip -6n >"$output/$name.tar.gz"
  cat >"$root/DEBIAN/control" <<END
Package: rowtide
Version: $version
Architecture: $architecture
Maintainer: The Rowtide authors <authors@rowtide.dev>
Installed-Size: $(du -sk "$root/usr" | cut -f 1)
Depends: $depends, ca-certificates
Section: database
Priority: optional
Description: change tracking for MySQL-compatible databases
 rowtide-tracker reads the binlog of MySQL, MariaDB or PolarDB for MySQL and
 delivers every change of the chosen tables to Kafka. rowtide-operator runs
 trackers on Kubernetes.
END
  SOURCE_DATE_EPOCH=$(release_time) dpkg-deb --root-owner-group -Zgzip -z6 --build "$root" "$output" >/dev/null
}

# release_chart IMAGE OUTPUT: the chart's package, and the manifest for those without Helm, of the image's repository IMAGE.
release_chart() (
  image=$1 output=$2
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  cp -r "$(repo_root)/helm/rowtide" "$(repo_root)/LICENSE" "$work"
  mv "$work/LICENSE" "$work/rowtide"
  sed -i "/^image:/,/^[^ #]/ s|^  repository: .*|  repository: $image|" "$work/rowtide/values.yaml"
  grep -qxF "  repository: $image" "$work/rowtide/values.yaml" || die "release: the chart's values.yaml has no image.repository"
  "$(helm_bin)" package "$work/rowtide" --destination "$work/packed" >/dev/null
  # Helm stamps the time of now on each file.
  mkdir "$work/unpacked"
  tar -C "$work/unpacked" -xzf "$work/packed"/rowtide-*.tgz
  release_tar "$work/unpacked" rowtide | gzip -9n >"$output/rowtide-$(rowtide_version).tgz"
  {
    printf '# Rowtide %s without Helm: kubectl apply --server-side -f install.yaml\n' "$(rowtide_version)"
    chart_manifest "$work/rowtide"
  } >"$output/install.yaml"
)

# release_tar FOLDER NAME [OPTION...]: NAME in that folder as a tar that depends on nothing but its files.
release_tar() {
  local folder=$1 name=$2
  shift 2
  tar -C "$folder" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(release_time)" "$@" -cf - "$name"
}

# release_sbom DEPENDS FOLDER OUTPUT: what is in the image and in the programs, of dpkg's lists in FOLDER (release_image).
release_sbom() {
  python3 "$(repo_root)/scripts/lib/sbom.py" --version "$(rowtide_version)" --commit "$(git_commit)" --time "$(release_time)" \
    --status "$2/status" --compiled-in "$2/compiled-in" --depends "$1" >"$3"
}

# release_sums FOLDER: the sums of every other file there.
release_sums() (
  cd "$1" || exit 1
  sums=SHA256SUMS-$(release_architecture)
  find . -maxdepth 1 -type f ! -name "$sums" -printf '%P\n' | LC_ALL=C sort | xargs sha256sum >"$sums"
)
