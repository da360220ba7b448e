# shellcheck shell=bash
# The cluster's certificates and kubeconfig files, made with openssl: kubeadm's phases would be one more program to build from source.
# Needs common.sh and cluster_settings.sh.

# ensure_pki: everything in PKI and CONFIG. A half-made authority is thrown away with all it signed.
ensure_pki() {
  mkdir -p "$PKI" "$CONFIG"
  chmod 0700 "$PKI" "$CONFIG"
  if [[ ! -s $PKI/ca.crt ]]; then
    rm -f "$PKI"/*
    pki_key "$PKI/ca.key"
    pki_run req -x509 -new -key "$PKI/ca.key" -days 3650 -subj /CN=rowtide-cluster -out "$PKI/ca.crt.part"
    mv "$PKI/ca.crt.part" "$PKI/ca.crt"
  fi
  [[ -s $PKI/service-accounts.key ]] || pki_key "$PKI/service-accounts.key"
  [[ -s $PKI/service-accounts.pub ]] || {
    pki_run pkey -in "$PKI/service-accounts.key" -pubout -out "$PKI/service-accounts.pub.part"
    mv "$PKI/service-accounts.pub.part" "$PKI/service-accounts.pub"
  }
  local names=DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc
  names+=,DNS:kubernetes.default.svc.cluster.local,IP:127.0.0.1,IP:$CLUSTER_ADDRESS,IP:$SERVICE_PREFIX.1
  pki_certificate apiserver /CN=kube-apiserver serverAuth "$names"
  pki_certificate kubelet-server "/O=system:nodes/CN=system:node:$CLUSTER_NODE" serverAuth "DNS:$CLUSTER_NODE,IP:$CLUSTER_ADDRESS"
  # system:masters lets the API server read logs and run commands through kubelet.
  pki_certificate apiserver-kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client clientAuth
  pki_client admin /O=system:masters/CN=rowtide-admin
  pki_client kube-controller-manager /CN=system:kube-controller-manager
  pki_client kube-scheduler /CN=system:kube-scheduler
  pki_client kube-proxy /CN=system:kube-proxy
  pki_client coredns /CN=rowtide:coredns
  pki_client kubelet "/O=system:nodes/CN=system:node:$CLUSTER_NODE"
}

pki_run() {
  local output
  output=$(openssl "$@" 2>&1) || die "certificates: 'openssl $1' failed in $PKI: $output. Check that the disk is not full"
}

pki_key() {
  pki_run ecparam -name prime256v1 -genkey -noout -out "$1.part"
  mv "$1.part" "$1"
}

# pki_certificate NAME SUBJECT USAGE [ALTERNATIVE_NAMES]: the certificate appears last, so that its presence means "complete".
pki_certificate() {
  local name=$1 subject=$2 usage=$3 alternatives=${4:-}
  [[ -s $PKI/$name.crt ]] && return 0
  pki_key "$PKI/$name.key"
  pki_run req -new -key "$PKI/$name.key" -subj "$subject" -out "$PKI/$name.csr"
  {
    printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=%s\n' "$usage"
    if [[ -n $alternatives ]]; then printf 'subjectAltName=%s\n' "$alternatives"; fi
  } >"$PKI/$name.ext"
  pki_run x509 -req -in "$PKI/$name.csr" -CA "$PKI/ca.crt" -CAkey "$PKI/ca.key" -set_serial "0x$(openssl rand -hex 8)" \
    -days 3650 -extfile "$PKI/$name.ext" -out "$PKI/$name.crt.part"
  mv "$PKI/$name.crt.part" "$PKI/$name.crt"
  rm -f "$PKI/$name.csr" "$PKI/$name.ext"
}

# pki_client NAME SUBJECT: a client certificate and the kubeconfig file that carries it.
pki_client() {
  local name=$1 file=$CONFIG/$1.kubeconfig
  pki_certificate "$name" "$2" clientAuth
  [[ -s $file && $file -nt $PKI/$name.crt ]] && return 0
  cat >"$file.part" <<END
apiVersion: v1
kind: Config
clusters:
- name: rowtide
  cluster: {server: "$API_URL", certificate-authority-data: $(base64 -w0 "$PKI/ca.crt")}
users:
- name: $name
  user: {client-certificate-data: $(base64 -w0 "$PKI/$name.crt"), client-key-data: $(base64 -w0 "$PKI/$name.key")}
contexts:
- name: rowtide
  context: {cluster: rowtide, user: $name}
current-context: rowtide
END
  chmod 0600 "$file.part"
  mv "$file.part" "$file"
}
