#!/usr/bin/env bash
# Builds the container image from the repository's Dockerfile with Debian's buildah: no container engine, no registry.
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in common packages image; do
  # shellcheck source=/dev/null
  . "$scripts/lib/$part.sh"
done

tag=rowtide:dev
output=$ROWTIDE_CACHE/images/rowtide-dev.tar
file=Dockerfile
kind=docker-archive

usage() {
  cat <<END
Usage: scripts/build-image.sh [--tag NAME:TAG] [--output ARCHIVE] [--file DOCKERFILE] [--oci]

Builds the image of both programs and writes it as a docker-archive, which 'scripts/cluster.sh load-image', 'docker load' and
'skopeo copy' read. Prints the archive's path. Needs root; installs buildah and debootstrap if they are missing.

  --tag      the image's name (now $tag)
  --output   the archive (now $output)
  --file     what is built, in the repository (now $file)
  --oci      writes an OCI archive, as a release has it; 'docker load' reads it from version 25 on
END
}

while (($#)); do
  case $1 in
    --tag) tag=${2:?--tag needs a name} && shift 2 ;;
    --output) output=${2:?--output needs a path} && shift 2 ;;
    --file) file=${2:?--file needs a path} && shift 2 ;;
    --oci) kind=oci-archive && shift ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
done

((EUID == 0)) || die "'build-image.sh' needs root (chroot, mounts): run it with sudo -E"
[[ $tag == *:* ]] || die "--tag needs a name and a tag, like rowtide:dev, not '$tag'"
ensure_packages buildah debootstrap ca-certificates
image_lock
ensure_base_image
image_build "$tag" "$file"
image_write "$tag" "$kind" "$output"
printf '%s\n' "$output"
