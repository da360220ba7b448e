#!/usr/bin/env bash
# The core of Alibaba Cloud's official Python SDK, from PyPI. Prints its folder, for PYTHONPATH: the tests verify with it the
# signatures of the requests that the tracker makes.
set -euo pipefail

# shellcheck source=scripts/lib/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/server.sh"

ALIYUN_SDK_VERSION=2.16.1
ALIYUN_SDK_SHA256=0f25a6e8ec1ea29c76610278cff81cbff85149a6e692bf2398a6f9b77e5e7424
ALIYUN_SDK_HOME=aliyun-sdk-$ALIYUN_SDK_VERSION

aliyun_sdk_fetch() {
  local work
  work=$(mktemp -d)
  say "fetching Alibaba Cloud's Python SDK $ALIYUN_SDK_VERSION (once)"
  echo "aliyun-python-sdk-core==$ALIYUN_SDK_VERSION --hash=sha256:$ALIYUN_SDK_SHA256" >"$work/requirements.txt"
  python3 -m pip download --quiet --no-deps --require-hashes --dest "$work" --requirement "$work/requirements.txt" >&2 ||
    die "pip could not fetch the SDK. The lines above say why; check that pip reaches PyPI or your mirror (pip.conf)"
  python3 -m zipfile -e "$work"/*.whl "$1"
  rm -rf "$work"
}

ensure_packages python3 python3-pip
once "$ALIYUN_SDK_HOME" aliyun_sdk_fetch
printf '%s\n' "$ROWTIDE_CACHE/$ALIYUN_SDK_HOME"
