# shellcheck shell=bash
# etcd and the Kubernetes control plane. Needs common.sh, cluster_settings.sh, kubernetes.sh, process.sh.

etcd_start() {
  local url=http://127.0.0.1:$ETCD_PORT peer=http://127.0.0.1:$ETCD_PEER_PORT
  mkdir -p "$CLUSTER_STATE/etcd"
  chmod 0700 "$CLUSTER_STATE/etcd"
  # A test cluster's data need not outlive the machine: 'up' after a reboot starts from nothing.
  process_start etcd etcd --name rowtide --data-dir "$CLUSTER_STATE/etcd" --unsafe-no-fsync \
    --listen-client-urls "$url" --advertise-client-urls "$url" --listen-peer-urls "$peer" \
    --initial-advertise-peer-urls "$peer" --initial-cluster "rowtide=$peer" --log-level warn --logger zap
}

apiserver_start() {
  process_start kube-apiserver "$(kubernetes_bin)/kube-apiserver" \
    --etcd-servers "http://127.0.0.1:$ETCD_PORT" \
    --bind-address "$CLUSTER_ADDRESS" --advertise-address "$CLUSTER_ADDRESS" --secure-port "$API_PORT" \
    --service-cluster-ip-range "$SERVICE_RANGE" --enable-aggregator-routing \
    --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction --anonymous-auth=false \
    --client-ca-file "$PKI/ca.crt" --tls-cert-file "$PKI/apiserver.crt" --tls-private-key-file "$PKI/apiserver.key" \
    --kubelet-certificate-authority "$PKI/ca.crt" --kubelet-preferred-address-types InternalIP \
    --kubelet-client-certificate "$PKI/apiserver-kubelet-client.crt" --kubelet-client-key "$PKI/apiserver-kubelet-client.key" \
    --service-account-issuer https://kubernetes.default.svc.cluster.local \
    --service-account-key-file "$PKI/service-accounts.pub" --service-account-signing-key-file "$PKI/service-accounts.key"
}

apiserver_ready() { [[ $(timeout 3 "$(kubernetes_bin)/kubectl" --kubeconfig "$KUBECONFIG_ADMIN" get --raw /readyz 2>/dev/null) == ok ]]; }

controllers_start() {
  # One of each: an election would only delay the first work after a start.
  process_start kube-controller-manager "$(kubernetes_bin)/kube-controller-manager" \
    --kubeconfig "$CONFIG/kube-controller-manager.kubeconfig" --bind-address 127.0.0.1 --leader-elect=false \
    --authentication-kubeconfig "$CONFIG/kube-controller-manager.kubeconfig" \
    --authorization-kubeconfig "$CONFIG/kube-controller-manager.kubeconfig" \
    --use-service-account-credentials --root-ca-file "$PKI/ca.crt" \
    --service-account-private-key-file "$PKI/service-accounts.key" \
    --cluster-signing-cert-file "$PKI/ca.crt" --cluster-signing-key-file "$PKI/ca.key"
  process_start kube-scheduler "$(kubernetes_bin)/kube-scheduler" \
    --kubeconfig "$CONFIG/kube-scheduler.kubeconfig" --bind-address 127.0.0.1 --leader-elect=false \
    --authentication-kubeconfig "$CONFIG/kube-scheduler.kubeconfig" --authorization-kubeconfig "$CONFIG/kube-scheduler.kubeconfig"
}
