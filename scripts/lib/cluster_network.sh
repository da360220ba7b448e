# shellcheck shell=bash
# The bridge, the routes and the packet filter of the cluster, and their removal. Needs common.sh and cluster_settings.sh.

# network_check: dies when the machine already uses one of the two ranges for something else.
network_check() {
  local range other
  for range in "$POD_RANGE" "$SERVICE_RANGE"; do
    other=$(ip -o route show root "$range" | grep -vE "dev $CLUSTER_BRIDGE|^unreachable" || true)
    [[ -z $other ]] || die "network: $range is in use on this machine ($other); choose others with ROWTIDE_POD_PREFIX and ROWTIDE_SERVICE_PREFIX (like 10.231.0)"
  done
}

# network_up: idempotent. The unreachable routes come first and lose to the bridge's: a packet to an address that is not up is
# refused at once instead of leaving through the default route.
network_up() {
  network_check
  ip route replace unreachable "$POD_RANGE" metric 4096
  ip route replace unreachable "$SERVICE_RANGE" metric 4096
  if ! ip link show "$CLUSTER_BRIDGE" >/dev/null 2>&1; then
    ip link add "$CLUSTER_BRIDGE" type bridge || die "network: cannot make the bridge $CLUSTER_BRIDGE; the kernel needs the 'bridge' module and this script CAP_NET_ADMIN"
  fi
  ip address replace "$CLUSTER_ADDRESS/24" dev "$CLUSTER_BRIDGE"
  ip link set "$CLUSTER_BRIDGE" up
  # The host's own packets to services are translated after routing: any route to a device will do, and the bridge's keeps them here.
  ip route replace "$SERVICE_RANGE" dev "$CLUSTER_BRIDGE" src "$CLUSTER_ADDRESS"
  modprobe br_netfilter 2>/dev/null || true
  sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1 ||
    die "network: cannot set ip_forward and bridge-nf-call-iptables; the kernel needs the 'br_netfilter' module"
  network_filter_up
}

# Nothing is forwarded between the bridge and any other device; pod to pod is let through whatever the machine's policy is.
network_filter_up() {
  iptables -w -S ROWTIDE-CLUSTER >/dev/null 2>&1 && iptables -w -C FORWARD -j ROWTIDE-CLUSTER 2>/dev/null && return 0
  iptables -w -N ROWTIDE-CLUSTER 2>/dev/null || iptables -w -F ROWTIDE-CLUSTER
  iptables -w -A ROWTIDE-CLUSTER -i "$CLUSTER_BRIDGE" -o "$CLUSTER_BRIDGE" -j ACCEPT
  iptables -w -A ROWTIDE-CLUSTER -i "$CLUSTER_BRIDGE" -j REJECT
  iptables -w -A ROWTIDE-CLUSTER -o "$CLUSTER_BRIDGE" -j REJECT
  iptables -w -A FORWARD -j ROWTIDE-CLUSTER || die "network: iptables does not work here; it needs CAP_NET_ADMIN"
}

network_down() {
  network_filter_down iptables
  network_filter_down ip6tables
  ip link delete "$CLUSTER_BRIDGE" 2>/dev/null || true
  ip route delete unreachable "$POD_RANGE" metric 4096 2>/dev/null || true
  ip route delete unreachable "$SERVICE_RANGE" metric 4096 2>/dev/null || true
}

# network_filter_down iptables|ip6tables: in each table, the rules that lead into kube-proxy's, kubelet's and our own chains, then the chains.
# Every other rule stays untouched.
network_filter_down() {
  local command=$1 table ours='^(KUBE-|ROWTIDE-CLUSTER)' rules
  command -v "$command-save" >/dev/null || return 0
  for table in mangle nat filter; do
    rules=$("$command-save" -t "$table" 2>/dev/null | awk -v ours="$ours" -v table="$table" '
      /^:/ { chain = substr($1, 2); if (chain ~ ours) { flush = flush "-F " chain "\n"; delete_chain = delete_chain "-X " chain "\n" } }
      /^-A/ && $2 !~ ours { for (i = 3; i < NF; ++i) if ($i == "-j" && $(i + 1) ~ ours) { sub(/^-A/, "-D"); leave = leave $0 "\n"; break } }
      END { if (leave flush != "") printf "*%s\n%s%s%sCOMMIT\n", table, leave, flush, delete_chain }')
    [[ -z $rules ]] || "$command-restore" -w --noflush <<<"$rules" || say "network: $command: some chains of table $table could not be removed"
  done
}

# What the machine was like, kept for 'down': kernel settings, and the folders that do not exist yet.
remember_machine() {
  local file=$CLUSTER_STATE/machine name
  [[ -s $file ]] && return 0
  {
    for name in "${KERNEL_SETTINGS[@]}"; do
      printf 'sysctl %s %s\n' "$name" "$(sysctl -n "$name" 2>/dev/null || true)"
    done
    for name in "${OUTSIDE_FOLDERS[@]}"; do
      [[ -e $name ]] || printf 'folder %s -\n' "$name"
    done
  } >"$file.part"
  mv "$file.part" "$file"
}

restore_machine() {
  local kind name value
  [[ -s $CLUSTER_STATE/machine ]] || return 0
  while read -r kind name value; do
    case $kind in
      sysctl) [[ -z $value ]] || sysctl -qw "$name=$value" 2>/dev/null || true ;;
      folder) [[ " ${OUTSIDE_FOLDERS[*]} " != *" $name "* ]] || rm -rf --one-file-system "$name" ;;
    esac
  done <"$CLUSTER_STATE/machine"
}
