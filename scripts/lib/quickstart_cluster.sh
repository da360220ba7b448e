# shellcheck shell=bash
# scripts/quickstart.sh --cluster: the operator on a real Kubernetes. Needs common.sh, go_build.sh, helm.sh.

quickstart_cluster() {
  local keep=$1
  ((EUID == 0)) || die "--cluster needs root (network, containers, mounts): run it with sudo -E"
  scripts=$(repo_root)/scripts
  folder=$(mktemp -d "${TMPDIR:-/tmp}/rowtide-quickstart.XXXXXX")
  trap quickstart_cluster_clean_up EXIT
  trap 'exit 130' INT TERM

  cluster_was_up=true
  "$scripts/cluster.sh" status >/dev/null 2>&1 || cluster_was_up=false
  "$scripts/cluster.sh" up
  address=$("$scripts/cluster.sh" address)
  quickstart_cluster_servers
  cluster_install_operator
  quickstart_cluster_task

  say "committing rows in MySQL"
  quickstart_cluster_sql shop <<'END'
CREATE TABLE orders (id INT PRIMARY KEY AUTO_INCREMENT, customer VARCHAR(40), total DECIMAL(10,2));
INSERT INTO orders (customer, total) VALUES ('Ada', 12.50), ('Grace', 99.95);
UPDATE orders SET total = 13.50 WHERE customer = 'Ada';
DELETE FROM orders WHERE customer = 'Grace';
END
  say "kubectl -n shop get ctt"
  kube -n shop get ctt >&2
  say "the records in topic shop.orders, read back from Kafka:"
  # Two rows, an update, a delete with its tombstone, and the schema change.
  timeout 30 kcat -q -C -b "$address:9092" -t shop.orders -o beginning -c 6 -f '%k  %s\n'
  say "this took ${SECONDS} s"
  quickstart_cluster_farewell "$keep"
}

kube() { "$(repo_root)/scripts/cluster.sh" kubectl "$@"; }

# cluster_install_operator: image, and the operator by Helm; returns when the operator is ready. The namespace holds its pods to
# Pod Security's strictest level. The tests of the definition may have applied it before: the release takes it over. The image's
# tag stays the same when the image changes: its hash makes the pod a new one.
cluster_install_operator() {
  local archive
  archive=$("$(repo_root)/scripts/build-image.sh")
  "$(repo_root)/scripts/cluster.sh" load-image "$archive" >/dev/null
  ensure_helm
  kube apply --server-side -f - >&2 <<END
apiVersion: v1
kind: Namespace
metadata: {name: rowtide-system, labels: {pod-security.kubernetes.io/enforce: restricted}}
END
  "$(helm_bin)" --kubeconfig "$("$(repo_root)/scripts/cluster.sh" kubeconfig)" upgrade --install rowtide "$(repo_root)/helm/rowtide" \
    --namespace rowtide-system --take-ownership --set image.tag=dev --set podAnnotations.image="$(sha256sum "$archive" | cut -c 1-16)" \
    --wait --timeout 120s >&2
}

quickstart_cluster_servers() {
  local facts
  say "starting MySQL 8 and Kafka on $address, where pods reach them"
  facts=$("$scripts/servers/mysql.sh" start --dir "$folder/mysql" --bind "$address" --port 3306)
  socket=$(server_fact SOCKET "$facts")
  "$scripts/servers/kafka.sh" start --dir "$folder/kafka" --bind "$address" --port 9092 >/dev/null
  password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
  quickstart_cluster_sql <<END
CREATE DATABASE shop;
CREATE USER 'rowtide'@'%' IDENTIFIED WITH mysql_native_password BY '$password';
GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'rowtide'@'%';
END
}

quickstart_cluster_sql() { mariadb --no-defaults --user=root --socket="$socket" "$@"; }

# The namespace, names for the two servers in it, the account's Secret, and the task.
quickstart_cluster_task() {
  say "applying examples/orders.yaml"
  kube create namespace shop --dry-run=client -o yaml | kube apply -f - >&2
  cluster_host_service shop mysql 3306 | kube apply -f - >&2
  cluster_host_service shop kafka 9092 | kube apply -f - >&2
  kube -n shop delete secret orders-source --ignore-not-found >&2
  printf 'username=rowtide\npassword=%s\n' "$password" |
    kube -n shop create secret generic orders-source --from-env-file=/dev/stdin >&2
  kube apply -f "$(repo_root)/examples/orders.yaml" >&2
  kube -n shop wait --for=condition=Ready --timeout=90s ctt/orders >&2 || {
    kube -n shop get ctt orders -o yaml >&2
    die "the task did not become Ready in 90 s; its status above says why"
  }
}

# cluster_host_service NAMESPACE NAME PORT: a Service for a server on this host, as YAML.
cluster_host_service() {
  cat <<END
apiVersion: v1
kind: Service
metadata: {name: $2, namespace: $1}
spec:
  ports: [{name: tcp, port: $3, targetPort: $3}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: $2-host, namespace: $1, labels: {kubernetes.io/service-name: $2}}
addressType: IPv4
ports: [{name: tcp, port: $3}]
endpoints: [{addresses: [$address]}]
END
}

quickstart_cluster_farewell() {
  $1 || return 0
  trap - EXIT
  say "left running (--keep):
    kubectl  export KUBECONFIG=\$(scripts/cluster.sh kubeconfig)
    SQL      mariadb --no-defaults --user=root --socket=$socket shop
    records  kcat -C -b $address:9092 -t shop.orders
    end      scripts/cluster.sh down; scripts/servers/mysql.sh stop --dir $folder/mysql; scripts/servers/kafka.sh stop --dir $folder/kafka; rm -r $folder"
}

quickstart_cluster_clean_up() {
  say "cleaning up"
  if $cluster_was_up; then
    kube delete namespace shop --ignore-not-found --timeout=60s >&2 || true
  else
    "$scripts/cluster.sh" down || true
  fi
  "$scripts/servers/mysql.sh" stop --dir "$folder/mysql" >/dev/null 2>&1 || true
  "$scripts/servers/kafka.sh" stop --dir "$folder/kafka" >/dev/null 2>&1 || true
  rm -rf "$folder"
}
