#!/usr/bin/env bash
# A real etcd and kube-apiserver in a folder of your own: no controllers, no kubelet, so that a test may play their part and make any
# state. DIR/data/kubeconfig is the administrator's. Options after -- go to kube-apiserver. See scripts/README.md.
set -euo pipefail

# shellcheck source=scripts/lib/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/server.sh"
for part in go_build kubernetes; do
  # shellcheck source=/dev/null
  source "$server_lib/$part.sh"
done

export SERVER_NAME=kube-apiserver

server_install() {
  ensure_packages "${APISERVER_PACKAGES[@]}"
  ensure_kubernetes
}

server_prepare() {
  mkdir -p "$DATA/pki"
  openssl genrsa -out "$DATA/pki/service-accounts.key" 2048 2>/dev/null
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -addext "subjectAltName=IP:$BIND,DNS:localhost" \
    -keyout "$DATA/pki/apiserver.key" -out "$DATA/pki/apiserver.crt" 2>/dev/null
  printf '%s,admin,admin,system:masters\n' rowtide-test-token >"$DATA/tokens.csv"
  cat >"$DATA/kubeconfig" <<CONFIG
apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "https://$BIND:$PORT", certificate-authority: "$DATA/pki/apiserver.crt"}}]
users: [{name: admin, user: {token: rowtide-test-token}}]
contexts: [{name: test, context: {cluster: test, user: admin}}]
current-context: test
CONFIG
}

# Both end with the shell that waits for them, however that ends.
server_command() {
  local etcd_port peer_port etcd_url peer_url
  etcd_port=$(free_port 127.0.0.1) peer_port=$(free_port 127.0.0.1)
  etcd_url=http://127.0.0.1:$etcd_port peer_url=http://127.0.0.1:$peer_port
  # shellcheck disable=SC2016  # expanded by the child
  COMMAND=(bash -c 'setpriv --pdeathsig KILL etcd --data-dir "$1/etcd" --unsafe-no-fsync --log-level warn --listen-client-urls "$2" --advertise-client-urls "$2" \
      --listen-peer-urls "$3" --initial-advertise-peer-urls "$3" --initial-cluster "default=$3" & etcd=$!
    shift 3; setpriv --pdeathsig KILL "$@" & api=$!
    trap "kill $api $etcd; wait" TERM INT EXIT
    wait -n' kube-apiserver "$DATA" "$etcd_url" "$peer_url"
    "$(kubernetes_bin)/kube-apiserver" --etcd-servers "$etcd_url" --bind-address "$BIND" --secure-port "$PORT"
    --service-cluster-ip-range 10.0.0.0/24 --authorization-mode RBAC --token-auth-file "$DATA/tokens.csv"
    --disable-admission-plugins ServiceAccount
    --tls-cert-file "$DATA/pki/apiserver.crt" --tls-private-key-file "$DATA/pki/apiserver.key"
    --service-account-issuer https://kubernetes.default.svc --service-account-key-file "$DATA/pki/service-accounts.key"
    --service-account-signing-key-file "$DATA/pki/service-accounts.key" "${OPTIONS[@]}")
}

server_answers() {
  [[ $(timeout 3 "$(kubernetes_bin)/kubectl" --kubeconfig "$DATA/kubeconfig" get --raw /readyz 2>/dev/null) == ok ]]
}

server_more_facts() { printf ' KUBECONFIG=%s' "$DATA/kubeconfig"; }

server_main "$@"
