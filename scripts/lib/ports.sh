# shellcheck shell=bash
# Ports for servers of one's own. Needs common.sh.

# free_port ADDRESS: a port below the range from which the kernel takes ports for outgoing connections. Whoever asks gets the
# next one of a count that all of this user share: a port that somebody chose and does not listen on yet, or whose server
# is away for a moment, is given to nobody else until the count is around.
free_port() {
  local port try counter
  mkdir -p "$ROWTIDE_CACHE"
  exec {counter}>>"$ROWTIDE_CACHE/last_port"
  flock "$counter"
  port=$(<"$ROWTIDE_CACHE/last_port")
  [[ $port =~ ^[0-9]{5}$ ]] || port=$((20000 + SRANDOM % 12000))
  for ((try = 0; try < 12000; try++)); do
    port=$((port >= 20000 && port < 31999 ? port + 1 : 20000))
    ! port_taken "$1" "$port" || continue
    printf '%s' "$port" >"$ROWTIDE_CACHE/last_port"
    exec {counter}>&-
    printf '%s\n' "$port"
    return
  done
  die "found no free port on $1 between 20000 and 31999: see with \`ss -ltn\` what listens there"
}

# port_taken ADDRESS PORT: does someone accept connections there?
port_taken() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }
