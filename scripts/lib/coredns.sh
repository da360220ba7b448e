# shellcheck shell=bash
# CoreDNS: built from the Go module proxy and kept in the cache by version; run as a process of the host. Needs common.sh, go_build.sh,
# and for running cluster_settings.sh, kubernetes.sh, process.sh.

COREDNS_VERSION=v1.12.4

coredns_bin() { printf '%s\n' "$ROWTIDE_CACHE/coredns-$COREDNS_VERSION/bin/coredns"; }

# ensure_coredns: the program stands at coredns_bin.
ensure_coredns() {
  go_build_once "$ROWTIDE_CACHE/coredns-$COREDNS_VERSION" coredns_build
}

coredns_build() {
  local folder=$ROWTIDE_CACHE/coredns-$COREDNS_VERSION
  [[ -x $folder/bin/coredns ]] && return 0
  say "CoreDNS $COREDNS_VERSION: building (about 2 minutes on two cores, once)"
  coredns_write_module "$folder/build"
  go_build_modules "CoreDNS" "$folder/build" "$folder/bin" "-s -w" rowtide.local/coredns
}

# coredns_write_module FOLDER: CoreDNS with the plugins that coredns_configure names, and no others: the cloud providers' would
# be most of the compilation.
coredns_write_module() {
  go_build_write_module "$1" coredns github.com/coredns/coredns "$COREDNS_VERSION"
  {
    printf 'package main\n\nimport (\n\t"github.com/coredns/coredns/coremain"\n'
    printf '\t_ "github.com/coredns/coredns/plugin/%s"\n' bind errors kubernetes ready template
    printf ')\n\nfunc main() { coremain.Run() }\n'
  } >"$1/main.go"
}

coredns_configure() {
  write_config "$CONFIG/Corefile" <<END
cluster.local:53 $POD_PREFIX.0/24:53 {
  bind $CLUSTER_ADDRESS
  errors
  kubernetes cluster.local $POD_PREFIX.0/24 $SERVICE_PREFIX.0/24 {
    kubeconfig $CONFIG/coredns.kubeconfig
    ttl 5
  }
  ready 127.0.0.1:18181
}
# Every other name does not exist: nothing asks a server outside this machine.
.:53 {
  bind $CLUSTER_ADDRESS
  errors
  template IN ANY . {
    rcode NXDOMAIN
  }
}
END
  # The service has no selector: CoreDNS is a process of the host, at the bridge's address.
  write_config "$CONFIG/coredns.yaml" <<END
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "rowtide:coredns"}
rules:
- {apiGroups: [""], resources: [services, pods, namespaces, endpoints], verbs: [list, watch]}
- {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "rowtide:coredns"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "rowtide:coredns"}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: "rowtide:coredns"}]
---
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system, labels: {k8s-app: kube-dns}}
spec:
  clusterIP: $SERVICE_DNS
  ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, protocol: TCP}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: kube-dns-host, namespace: kube-system, labels: {kubernetes.io/service-name: kube-dns}}
addressType: IPv4
ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, protocol: TCP}]
endpoints: [{addresses: [$CLUSTER_ADDRESS]}]
END
}

coredns_start() {
  cluster_kubectl apply -f "$CONFIG/coredns.yaml" >/dev/null || process_failed kube-apiserver "CoreDNS: its service could not be applied"
  process_start coredns "$(coredns_bin)" -conf "$CONFIG/Corefile"
}

# coredns_ready: its copy of the services is complete.
coredns_ready() { [[ $(http_get 127.0.0.1 18181 /ready) == *" 200 "* ]]; }

# http_get HOST PORT PATH: the answer's first line, without a program that a fresh machine may lack.
http_get() {
  # shellcheck disable=SC2016  # expanded by the child
  timeout 2 bash -c 'exec 3<>"/dev/tcp/$1/$2" && printf "GET %s HTTP/1.0\r\n\r\n" "$3" >&3 && head -n 1 <&3' _ "$@" 2>/dev/null
}
