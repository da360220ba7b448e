#!/usr/bin/env bash
# A real one-node Kubernetes on this machine, without a container engine: see usage below and scripts/README.md.
set -euo pipefail

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in common packages go_build kubernetes coredns cluster_settings process pki cluster_network containerd control_plane node; do
  # shellcheck source=/dev/null
  . "$scripts/lib/$part.sh"
done

usage() {
  cat <<END
Usage: scripts/cluster.sh COMMAND

  up                  starts the cluster, or what is missing of it; a healthy one is left alone
  down                removes everything 'up' made: processes, pods, mounts, bridge, routes, packet filter rules, cgroups, state
  status              what runs; ends with 0 only if the whole cluster is healthy
  kubeconfig          prints the path of the administrator's kubeconfig file (export KUBECONFIG=\$(scripts/cluster.sh kubeconfig))
  kubectl ARGUMENT... runs the cluster's own kubectl ($KUBERNETES_VERSION)
  address             prints the host's address as pods see it: servers that listen there are reached from pods
  load-image ARCHIVE  gives the node a docker-archive or OCI archive (scripts/build-image.sh); prints the image's name

Kubernetes $KUBERNETES_VERSION, CoreDNS $COREDNS_VERSION (built once into \$ROWTIDE_CACHE, now $ROWTIDE_CACHE), and Debian's etcd and containerd.
Needs root, Go and a C compiler; installs the Debian packages it needs. One cluster a machine.

  ROWTIDE_CLUSTER_STATE   the folder of all its state and logs (now $CLUSTER_STATE)
  ROWTIDE_POD_PREFIX, ROWTIDE_SERVICE_PREFIX   the two private /24 networks (now $POD_RANGE and $SERVICE_RANGE)
END
}

cluster_healthy() {
  local name
  for name in "${CLUSTER_PROCESSES[@]}"; do process_alive "$name" || return 1; done
  containerd_ready >/dev/null 2>&1 && apiserver_ready && coredns_ready && proxy_ready && node_ready
}

need_root() { ((EUID == 0)) || die "'cluster.sh $1' needs root (network, mounts, cgroups): run it with sudo -E"; }

# One 'up' or 'down' at a time; the lock ends with this script (process_start does not hand it on).
take_lock() {
  mkdir -p "${CLUSTER_LOCK%/*}"
  exec 9>"$CLUSTER_LOCK"
  flock -w 1800 9 || die "another 'cluster.sh up' or 'down' has been running for 30 minutes (lock $CLUSTER_LOCK); end it first"
}

# The state folder is ours if we marked it; anything else is never written to or deleted.
claim_state() {
  [[ $CLUSTER_STATE == /*/* ]] || die "ROWTIDE_CLUSTER_STATE must be an absolute path at least two levels deep, not '$CLUSTER_STATE'"
  if [[ -d $CLUSTER_STATE && ! -e $CLUSTER_STATE/.rowtide-cluster && -n $(ls -A "$CLUSTER_STATE") ]]; then
    die "$CLUSTER_STATE exists and is not a cluster's state; choose another folder with ROWTIDE_CLUSTER_STATE"
  fi
  mkdir -p "$CLUSTER_STATE"
  : >>"$CLUSTER_STATE/.rowtide-cluster"
  mkdir -p "$PROCESS_PIDS" "$PROCESS_LOGS"
  chmod 0711 "$CLUSTER_STATE"
}

cluster_up() {
  need_root up
  take_lock
  if cluster_healthy; then
    say "cluster: already up at $API_URL"
    return 0
  fi
  ensure_packages "${CLUSTER_PACKAGES[@]}" gcc libc6-dev procps kmod
  ensure_kubernetes
  ensure_coredns
  local started=$SECONDS boot=/proc/sys/kernel/random/boot_id
  if [[ -s $CLUSTER_STATE/boot && $(<"$CLUSTER_STATE/boot") != $(<"$boot") ]]; then
    say "cluster: the machine was restarted since; starting from nothing"
    remove_everything
  fi
  claim_state
  cat "$boot" >"$CLUSTER_STATE/boot"
  remember_machine
  cgroups_make
  ensure_pki
  network_up
  containerd_configure
  coredns_configure
  node_configure
  start_everything
  say "cluster: up after $((SECONDS - started)) s; export KUBECONFIG=$KUBECONFIG_ADMIN"
  say "cluster: pods reach this machine at $CLUSTER_ADDRESS"
}

start_everything() {
  etcd_start
  process_start containerd containerd --config "$CONFIG/containerd.toml"
  apiserver_start
  wait_for containerd 30 "containerd answers" containerd_ready
  ensure_pause_image
  wait_for kube-apiserver 90 "the API server is ready" apiserver_ready
  controllers_start
  node_start
  coredns_start
  wait_for coredns 30 "CoreDNS has the services" coredns_ready
  wait_for kube-proxy 30 "kube-proxy has written its rules" proxy_ready
  wait_for kubelet 60 "node $CLUSTER_NODE is Ready" node_ready
  wait_for kube-controller-manager 30 "namespace default has its service account" cluster_kubectl get serviceaccount default
}

cluster_down() {
  need_root down
  take_lock
  remove_everything
  rm -f "$CLUSTER_LOCK"
  say "cluster: down"
}

remove_everything() {
  # kubelet first, so that it does not start again what is removed.
  process_stop kubelet
  process_stop kube-apiserver kube-controller-manager kube-scheduler kube-proxy coredns etcd
  containers_remove
  mounts_remove
  cgroups_remove
  network_down
  restore_machine
  [[ ! -e $CLUSTER_STATE/.rowtide-cluster ]] || rm -rf --one-file-system "$CLUSTER_STATE"
}

cluster_status() {
  local name pid all=0
  for name in "${CLUSTER_PROCESSES[@]}"; do
    if pid=$(process_pid "$name"); then
      printf '%-24s running (pid %s)\n' "$name" "$pid"
    else
      printf '%-24s not running%s\n' "$name" "$([[ ! -e $PROCESS_LOGS/$name.log ]] || printf ' (log %s)' "$PROCESS_LOGS/$name.log")"
      all=1
    fi
  done
  if ((all == 0)) && cluster_healthy; then
    printf 'healthy: %s, node %s Ready, pods %s, services %s, host seen from pods at %s\n' \
      "$API_URL" "$CLUSTER_NODE" "$POD_RANGE" "$SERVICE_RANGE" "$CLUSTER_ADDRESS"
    return 0
  fi
  printf 'not healthy: run scripts/cluster.sh up\n'
  return 1
}

case ${1:-} in
  up) cluster_up ;;
  down) cluster_down ;;
  status) cluster_status ;;
  kubeconfig)
    [[ -s $KUBECONFIG_ADMIN ]] || die "there is no kubeconfig yet; run 'scripts/cluster.sh up' first"
    printf '%s\n' "$KUBECONFIG_ADMIN"
    ;;
  kubectl)
    shift
    [[ -s $KUBECONFIG_ADMIN ]] || die "the cluster is not up; run 'scripts/cluster.sh up' first"
    cluster_kubectl "$@"
    ;;
  address) printf '%s\n' "$CLUSTER_ADDRESS" ;;
  load-image) load_image "${2:?load-image needs the path of an archive}" ;;
  -h | --help | help) usage ;;
  *)
    usage >&2
    exit 2
    ;;
esac
