# shellcheck shell=bash
# shellcheck disable=SC2034  # read by the scripts that source this file
# Names, places and addresses of the one-node cluster. Everything it makes outside CLUSTER_STATE is named here.

CLUSTER_STATE=${ROWTIDE_CLUSTER_STATE:-/var/lib/rowtide-cluster}
CLUSTER_LOCK=/run/lock/rowtide-cluster.lock
CLUSTER_BRIDGE=rowtide0
CLUSTER_NODE=rowtide-node
CLUSTER_CGROUP=rowtide-cluster

# Two private /24 networks: the bridge with the pods, and the services. Only this machine ever sees them.
POD_PREFIX=${ROWTIDE_POD_PREFIX:-10.231.0}
SERVICE_PREFIX=${ROWTIDE_SERVICE_PREFIX:-10.232.0}
POD_RANGE=$POD_PREFIX.0/24
SERVICE_RANGE=$SERVICE_PREFIX.0/24
CLUSTER_ADDRESS=$POD_PREFIX.1
SERVICE_DNS=$SERVICE_PREFIX.10

API_PORT=6443
API_URL=https://$CLUSTER_ADDRESS:$API_PORT
ETCD_PORT=23790
ETCD_PEER_PORT=23800

PKI=$CLUSTER_STATE/pki
CONFIG=$CLUSTER_STATE/config
KUBECONFIG_ADMIN=$CONFIG/admin.kubeconfig
CONTAINERD_SOCKET=$CLUSTER_STATE/containerd/containerd.sock
KUBELET_ROOT=$CLUSTER_STATE/kubelet
PROCESS_PIDS=$CLUSTER_STATE/pids
PROCESS_LOGS=$CLUSTER_STATE/logs

# In the order of their start.
CLUSTER_PROCESSES=(etcd containerd kube-apiserver kube-controller-manager kube-scheduler coredns kube-proxy kubelet)

# Folders that containerd, the CNI plugins and kubelet make at places which cannot be configured.
OUTSIDE_FOLDERS=(/run/containerd /var/lib/cni /var/lib/kubelet /var/log/containers /var/log/pods /etc/cni /run/netns
  /usr/libexec/kubernetes /var/run/kubernetes)
# Kernel settings that the cluster needs or that kubelet and kube-proxy set by themselves.
KERNEL_SETTINGS=(net.ipv4.ip_forward net.bridge.bridge-nf-call-iptables net.ipv4.conf.all.route_localnet vm.overcommit_memory
  vm.panic_on_oom kernel.panic kernel.panic_on_oops kernel.keys.root_maxkeys kernel.keys.root_maxbytes)

cluster_kubectl() { "$(kubernetes_bin)/kubectl" --kubeconfig "$KUBECONFIG_ADMIN" "$@"; }
cluster_ctr() { ctr --address "$CONTAINERD_SOCKET" --namespace k8s.io "$@"; }

# write_config FILE: standard input becomes FILE, whole or not at all; the same content does not touch it (kube-proxy ends when its
# file is written).
write_config() {
  cat >"$1.part"
  if cmp -s "$1.part" "$1"; then rm -f "$1.part"; else mv "$1.part" "$1"; fi
}
