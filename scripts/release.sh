#!/usr/bin/env bash
# Makes everything that a release consists of, into one folder.
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in common packages image go_build helm chart release; do
  # shellcheck source=/dev/null
  . "$scripts/lib/$part.sh"
done

output=$(repo_root)/build/dist
image=rowtide
allow_dirty=false

usage() {
  cat <<END
Usage: scripts/release.sh [--output FOLDER] [--image NAME] [--allow-dirty]

Makes the image (an OCI archive), the chart's package, install.yaml, a Debian package and a tarball of the programs, an SBOM
(SPDX) and SHA256SUMS-ARCH, of the version in CMakeLists.txt and for this machine's architecture. Prints each file's path. Needs root.

  --output        an empty or a new folder (now $output)
  --image         the image's name without tag, where it will be fetched from: registry.example.com/rowtide (now $image)
  --allow-dirty   also where not everything is committed
END
}

while (($#)); do
  case $1 in
    --output) output=${2:?--output needs a folder} && shift 2 ;;
    --image) image=${2:?--image needs a name} && shift 2 ;;
    --allow-dirty) allow_dirty=true && shift ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
done

$allow_dirty || release_clean ||
  die "release: $(repo_root) is not a git checkout with everything committed ('git status' says why): commit, or give --allow-dirty"
((EUID == 0)) || die "'release.sh' needs root (chroot, mounts): run it with sudo -E"
mkdir -p "$output"
[[ -z $(ls -A "$output") ]] || die "release: $output is not empty; remove what is there, or give another --output"
output=$(cd "$output" && pwd)

version=$(rowtide_version)
# The programs run here for their manual pages, and what they depend on is told by the packages that they are linked with.
grep -q '^VERSION_ID="12"' /etc/os-release || die "a release is made on Debian 12, on whose packages the programs depend; this is another system"
ensure_packages buildah debootstrap ca-certificates "${BUILD_PACKAGES[@]}" "${RELEASE_PACKAGES[@]}"
ensure_helm
chart_current || die "release: the chart is not what its sources make of it: run scripts/chart.sh and commit"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

release_image "$image:$version" "$work" "$output/rowtide-$version-image-$(release_architecture).tar"
say "release: packages"
release_tree "$work/bin" "$work/doc" "$work/root"
depends=$(release_depends "$work/root")
release_packages "$work/root" "$depends" "$output"
release_chart "$image" "$output"
release_sbom "$depends" "$work" "$output/rowtide-$version-$(release_architecture).spdx.json"
release_sums "$output"
say "release: $version of commit $(git_commit)"
find "$output" -type f | LC_ALL=C sort
