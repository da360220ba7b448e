# shellcheck shell=bash
# kubelet and kube-proxy. Needs common.sh, cluster_settings.sh, kubernetes.sh, process.sh.

node_configure() {
  mkdir -p "$KUBELET_ROOT" "$CLUSTER_STATE/pod-logs" "$CLUSTER_STATE/volume-plugins"
  # Pods get the cluster's names only: neither the machine's name servers nor its search domains.
  printf 'nameserver %s\n' "$CLUSTER_ADDRESS" | write_config "$CONFIG/resolv.conf"
  write_config "$CONFIG/kubelet.yaml" <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $CLUSTER_ADDRESS
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $PKI/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $PKI/kubelet-server.crt
tlsPrivateKeyFile: $PKI/kubelet-server.key
containerRuntimeEndpoint: unix://$CONTAINERD_SOCKET
clusterDomain: cluster.local
clusterDNS: [$SERVICE_DNS]
resolvConf: $CONFIG/resolv.conf
cgroupDriver: cgroupfs
cgroupRoot: /$CLUSTER_CGROUP
enforceNodeAllocatable: []
failSwapOn: false
# The file system of a nested machine need not tell kubelet its size.
localStorageCapacityIsolation: false
evictionHard: {memory.available: 50Mi, nodefs.available: "1%", nodefs.inodesFree: "1%", imagefs.available: "1%"}
# Loaded images cannot be pulled again: never collect them.
imageGCHighThresholdPercent: 100
# Lowering a score needs CAP_SYS_RESOURCE.
oomScoreAdj: 0
makeIPTablesUtilChains: false
podLogsDir: $CLUSTER_STATE/pod-logs
volumePluginDir: $CLUSTER_STATE/volume-plugins
nodeStatusUpdateFrequency: 4s
serializeImagePulls: false
END
  write_config "$CONFIG/kube-proxy.yaml" <<END
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
hostnameOverride: $CLUSTER_NODE
clientConnection: {kubeconfig: $CONFIG/kube-proxy.kubeconfig}
clusterCIDR: $POD_RANGE
nodePortAddresses: [$CLUSTER_ADDRESS/32]
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
oomScoreAdj: 0
iptables: {minSyncPeriod: 100ms}
# Leave the machine's connection tracking as it is.
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
END
}

node_start() {
  process_start kube-proxy "$(kubernetes_bin)/kube-proxy" --config "$CONFIG/kube-proxy.yaml"
  process_start kubelet "$(kubernetes_bin)/kubelet" --config "$CONFIG/kubelet.yaml" --root-dir "$KUBELET_ROOT" \
    --kubeconfig "$CONFIG/kubelet.kubeconfig" --hostname-override "$CLUSTER_NODE" --node-ip "$CLUSTER_ADDRESS" \
    --containerd "$CONTAINERD_SOCKET" # cAdvisor's, for the metrics of containers
}

node_ready() {
  [[ $(timeout 3 "$(kubernetes_bin)/kubectl" --kubeconfig "$KUBECONFIG_ADMIN" get node "$CLUSTER_NODE" \
    -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2>/dev/null) == True ]]
}

# proxy_ready: the rules of the API server's own service are in place, the first that kube-proxy writes.
proxy_ready() { iptables-save -t nat | grep -q "^-A KUBE-SERVICES .*$SERVICE_PREFIX.1/32"; }
