# shellcheck shell=bash
# containerd with a configuration, root and socket of its own, the pause image, and the removal of all containers.
# Needs common.sh, cluster_settings.sh, process.sh.

PAUSE_IMAGE=rowtide.local/pause:1

containerd_configure() {
  local root=$CLUSTER_STATE/containerd
  mkdir -p "$root/root" "$root/state" "$CONFIG/cni"
  write_config "$CONFIG/containerd.toml" <<END
version = 2
root = "$root/root"
state = "$root/state"
imports = []
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = "$CONTAINERD_SOCKET"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$PAUSE_IMAGE"
  # Without CAP_SYS_RESOURCE (nested machines) runc cannot lower a score; it would fail with "can't get final child's PID from pipe".
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$CONFIG/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
        Root = "$root/runc"
END
  write_config "$CONFIG/cni/10-rowtide.conflist" <<END
{"cniVersion": "0.4.0", "name": "rowtide", "plugins": [
  {"type": "bridge", "bridge": "$CLUSTER_BRIDGE", "isGateway": true, "ipMasq": false, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$CLUSTER_STATE/cni-addresses", "routes": [{"dst": "0.0.0.0/0"}],
            "ranges": [[{"subnet": "$POD_RANGE", "rangeStart": "$POD_PREFIX.10", "gateway": "$CLUSTER_ADDRESS"}]]}}]}
END
}

containerd_ready() { [[ -S $CONTAINERD_SOCKET ]] && cluster_ctr version; }

# ensure_pause_image: the program that holds a pod's namespaces; it reaps orphans and ends on SIGTERM. Its archive is written here:
# a cluster needs buildah for nothing else.
ensure_pause_image() {
  [[ -n $(cluster_ctr images list -q "name==$PAUSE_IMAGE") ]] && return 0
  local work
  work=$(mktemp -d "$CLUSTER_STATE/pause.XXXXXX")
  cat >"$work/pause.c" <<'END'
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
static void reap(int signal_number) { (void)signal_number; while (waitpid(-1, 0, WNOHANG) > 0) {} }
static void end(int signal_number) { (void)signal_number; _exit(0); }
int main(void) {
  signal(SIGCHLD, reap); signal(SIGTERM, end); signal(SIGINT, end);
  for (;;) pause();
}
END
  mkdir "$work/rootfs" "$work/image"
  cc -Os -static -s -o "$work/rootfs/pause" "$work/pause.c" || die "pause image: 'cc -static' failed; it needs the packages gcc and libc6-dev"
  tar --owner=0 --group=0 --mtime=@0 -C "$work/rootfs" -cf "$work/image/layer.tar" pause
  local digest
  digest=$(sha256sum "$work/image/layer.tar")
  printf '{"architecture":"amd64","os":"linux","config":{"Entrypoint":["/pause"],"User":"65535:65535"},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "${digest%% *}" >"$work/image/config.json"
  printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":["layer.tar"]}]' "$PAUSE_IMAGE" >"$work/image/manifest.json"
  tar -C "$work/image" -cf "$work/pause.tar" manifest.json config.json layer.tar
  cluster_ctr images import "$work/pause.tar" >/dev/null || process_failed containerd "pause image: import failed"
  rm -rf "$work"
}

# load_image ARCHIVE: a docker-archive or OCI archive; prints the names under which pods can use it.
load_image() {
  local archive=$1 names name
  [[ -r $archive ]] || die "load-image: cannot read '$archive'; give the archive that scripts/build-image.sh wrote"
  containerd_ready >/dev/null 2>&1 || die "load-image: the cluster is not up; run 'scripts/cluster.sh up' first"
  names=$(cluster_ctr images import "$archive" | sed -n 's/^unpacking \([^ ]*\) .*/\1/p')
  [[ -n $names ]] || die "load-image: '$archive' holds no named image; it must be a docker-archive or OCI archive with a tag"
  # kubelet sees an image once containerd's Kubernetes plugin has taken it over from the import.
  for name in $names; do
    wait_for containerd 15 "load-image: $name seen by the Kubernetes plugin" containerd_image_managed "$name"
    printf '%s\n' "$name"
  done
}

containerd_image_managed() { [[ $(cluster_ctr images list "name==$1") == *io.cri-containerd.image=managed* ]]; }

# containers_remove: every container, its shim and their leftovers, with containerd's help if it still runs and without otherwise.
containers_remove() {
  local id pid address
  if process_alive containerd && timeout 5 ctr --address "$CONTAINERD_SOCKET" version >/dev/null 2>&1; then
    # Each deletion waits for its shim; in parallel a few dozen pods take seconds.
    cluster_ctr tasks list -q 2>/dev/null | timeout 30 xargs -r -P 8 -n 1 \
      ctr --address "$CONTAINERD_SOCKET" --namespace k8s.io tasks delete --force >/dev/null 2>&1 || true
  fi
  process_stop containerd
  # What is left is known by what only ours can have: the socket in a shim's arguments and the cgroups of the pods.
  for pid in $(shim_pids); do kill -KILL "$pid" 2>/dev/null || true; done
  for id in $(cgroup_trees); do
    find "$id" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -un | while read -r pid; do kill -KILL "$pid" 2>/dev/null || true; done
  done
  for pid in {1..50}; do
    [[ -n $(shim_pids) ]] || break
    sleep 0.1
  done
  for address in "$CLUSTER_STATE"/containerd/state/io.containerd.runtime.v2.task/*/*/address; do
    [[ -s $address ]] && rm -f "$(sed 's,^unix://,,' "$address")"
  done
  return 0
}

shim_pids() {
  local file pid
  for file in /proc/[0-9]*/cmdline; do
    if { tr '\0' ' ' <"$file"; } 2>/dev/null | grep -qF -- "-address $CONTAINERD_SOCKET "; then
      pid=${file#/proc/}
      printf '%s\n' "${pid%/cmdline}"
    fi
  done
}

# cgroup_trees: the folders of the cluster's cgroup in the hierarchies that have it.
cgroup_trees() {
  local tree
  for tree in "/sys/fs/cgroup/$CLUSTER_CGROUP" /sys/fs/cgroup/*/"$CLUSTER_CGROUP"; do
    if [[ -d $tree ]]; then printf '%s\n' "$tree"; fi
  done
}

# cgroups_make: kubelet wants its root to exist, in every hierarchy (version 1) or with the controllers handed down (version 2).
cgroups_make() {
  local hierarchy
  if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
    for hierarchy in cpu cpuset memory pids; do
      { echo "+$hierarchy" >/sys/fs/cgroup/cgroup.subtree_control; } 2>/dev/null || true
    done
    mkdir -p "/sys/fs/cgroup/$CLUSTER_CGROUP"
    return
  fi
  for hierarchy in /sys/fs/cgroup/*/; do
    # A version 1 hierarchy; links such as cpu -> cpu,cpuacct lead to the same folder.
    if [[ -e $hierarchy/tasks ]]; then mkdir -p "$hierarchy$CLUSTER_CGROUP"; fi
  done
}

# cgroups_remove: the cluster's tree of every hierarchy, leaves first. The kernel needs a moment after the last process's end.
cgroups_remove() {
  local deadline=$((SECONDS + 10)) tree left
  while :; do
    left=0
    for tree in $(cgroup_trees); do
      find "$tree" -depth -type d -exec rmdir {} + 2>/dev/null || true
      [[ ! -d $tree ]] || left=1
    done
    ((left == 1 && SECONDS < deadline)) || break
    sleep 0.2
  done
  ((left == 0)) || say "down: some cgroups of $CLUSTER_CGROUP are still in use by processes that do not end"
}

# mounts_remove: everything mounted under CLUSTER_STATE, deepest first; dies if something stays, for then nothing may be deleted.
mounts_remove() {
  local target
  awk -v root="$CLUSTER_STATE/" 'index($5, root) == 1 { print $5 }' /proc/self/mountinfo | sort -r | while read -r target; do
    umount "$target" 2>/dev/null || umount -l "$target" 2>/dev/null || true
  done
  ! grep -qF " $CLUSTER_STATE/" /proc/self/mountinfo || die "down: something stays mounted under $CLUSTER_STATE (see /proc/self/mountinfo); unmount it and run 'down' again"
}
