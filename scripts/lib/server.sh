# shellcheck shell=bash
# shellcheck disable=SC2034  # OPTIONS and PROCESS_LOGS are read by the scripts around this file
# One real server in one folder: the commands that scripts/servers/NAME.sh have in common.
# It brings what a server's script needs of the others (common.sh, packages.sh, ports.sh, process.sh, maven.sh). The script that sources this
# defines
#   SERVER_NAME            the process' and the log's name
#   server_install         fetches what is needed into the cache
#   server_prepare         fills the new, empty $DATA
#   server_command         sets the array COMMAND that runs the server on $DATA, at $BIND:$PORT, with "${OPTIONS[@]}"
#   server_answers         succeeds once the server takes requests
#   server_more_facts      prints KEY=value words, each after a space
# and calls server_main "$@". DIR/facts keeps what belongs to the data: address and port survive a restart.

server_lib=$(dirname "${BASH_SOURCE[0]}")
for server_part in common packages ports process maven; do
  # shellcheck source=/dev/null
  source "$server_lib/$server_part.sh"
done

server_usage() {
  cat >&2 <<USAGE
usage: ${0##*/} start --dir DIR [--port PORT] [--bind ADDRESS] [--with-pid PID] [-- SERVER_OPTION...]
       ${0##*/} stop --dir DIR
       ${0##*/} discard --dir DIR
       ${0##*/} status --dir DIR
       ${0##*/} install

start     makes the server's data in DIR if it is new, starts the server and waits until it answers. The port of a new DIR
          is a free one unless --port says otherwise; a later start of the same DIR keeps its data, address and port.
          --with-pid: the server is stopped when the process PID has ended. Options after -- are for this start only.
          Prints one line: HOST=... PORT=... PID=... LOG=...
discard   ends the server at once, whatever becomes of its data.
status    prints that line if the server runs; exit code 3 if it does not.
install   only fetches what start would fetch (\$ROWTIDE_CACHE, default ~/.cache/rowtide).
USAGE
  exit 2
}

server_main() {
  local action=${1:-}
  shift || true
  DIR='' PORT='' BIND='' WITH_PID=''
  OPTIONS=()
  while (($#)); do
    [[ $1 == -- ]] && { shift && OPTIONS=("$@"); break; }
    (($# > 1)) || server_usage
    case $1 in
      --dir) DIR=$(realpath -m "$2") ;;
      --port) PORT=$2 ;;
      --bind) BIND=$2 ;;
      --with-pid) WITH_PID=$2 ;;
      *) server_usage ;;
    esac
    shift 2
  done
  if [[ $action == install ]]; then
    server_install
    return
  fi
  [[ -n $DIR ]] || server_usage
  DATA=$DIR/data
  PROCESS_PIDS=$DIR/run PROCESS_LOGS=$DIR/log
  case $action in
    start) server_start ;;
    stop) process_stop "$SERVER_NAME" guard ;;
    discard) PROCESS_GRACE=0 process_stop "$SERVER_NAME" guard ;;
    status) server_info || exit 3 ;;
    guard) server_guard ;;
    *) server_usage ;;
  esac
}

server_start() {
  if process_alive "$SERVER_NAME"; then
    die "$SERVER_NAME already runs in $DIR ($(server_info)); stop it first: $0 stop --dir $DIR"
  fi
  server_install
  mkdir -p "$DIR/run" "$DIR/log"
  server_address
  if ! [[ -e $DIR/prepared ]]; then
    rm -rf "$DATA"
    server_prepare
    touch "$DIR/prepared"
  fi
  server_command
  process_stop guard
  [[ -z $WITH_PID ]] || process_start guard "$(realpath "$0")" guard --dir "$DIR" --with-pid "$WITH_PID"
  : >"$DIR/log/$SERVER_NAME.log"
  process_start "$SERVER_NAME" "${COMMAND[@]}"
  (wait_for "$SERVER_NAME" "${ROWTIDE_SERVER_START_SECONDS:-120}" "$SERVER_NAME does not answer at $BIND:$PORT" server_answers) || {
    process_stop "$SERVER_NAME" guard
    exit 1
  }
  server_info
}

# The address: what the command line says, else what the folder had before, else loopback and a free port.
server_address() {
  local asked_port=$PORT asked_bind=$BIND
  # shellcheck source=/dev/null
  ! [[ -e $DIR/address ]] || source "$DIR/address"
  BIND=${asked_bind:-${BIND:-127.0.0.1}}
  PORT=${asked_port:-${PORT:-$(free_port "$BIND")}}
  [[ $BIND =~ ^[0-9.]+$ && $BIND != 0.0.0.0 ]] || die "--bind $BIND: give one IPv4 address of this machine, such as 127.0.0.1"
  ! port_taken "$BIND" "$PORT" ||
    die "port $PORT on $BIND is taken by another program: choose another --port, or stop that program"
  printf 'BIND=%s\nPORT=%s\n' "$BIND" "$PORT" >"$DIR/address"
}

# The guard, a process of its own: ends the server after the process that wanted it, however that ended.
server_guard() {
  local born idle
  exec {idle}<> <(:)
  if born=$(process_start_time "$WITH_PID"); then
    while [[ $(process_start_time "$WITH_PID") == "$born" ]]; do read -rt 0.5 -u "$idle" || true; done
  fi
  process_stop "$SERVER_NAME"
  rm -f "$PROCESS_PIDS/guard"
}

server_info() {
  local pid
  pid=$(process_pid "$SERVER_NAME") || return 1
  # shellcheck source=/dev/null
  source "$DIR/address"
  printf 'HOST=%s PORT=%s PID=%s LOG=%s%s\n' "$BIND" "$PORT" "$pid" "$DIR/log/$SERVER_NAME.log" "$(server_more_facts)"
}

# once NAME COMMAND...: runs COMMAND with the name of a scratch folder appended and makes that folder $ROWTIDE_CACHE/NAME when
# it succeeds. Of several scripts at the same time one does the work and the others wait. A half-made folder is never seen.
# Call it as a plain statement: behind && or || the shell would not stop at COMMAND's first failure.
once() {
  local target=$ROWTIDE_CACHE/$1
  shift
  [[ -d $target ]] && return 0
  mkdir -p "$ROWTIDE_CACHE"
  (
    exec 9>"$target.lock"
    flock 9
    [[ -d $target ]] && exit 0
    rm -rf "$target.part"
    mkdir "$target.part"
    "$@" "$target.part"
    mv "$target.part" "$target"
  )
}
