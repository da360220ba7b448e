# shellcheck shell=bash
# Background processes that outlive the script: started once, known by recorded pid and start time, ended by that record only.
# The caller sets PROCESS_PIDS and PROCESS_LOGS (folders). Needs common.sh.

# process_start NAME COMMAND...: starts COMMAND in a session of its own unless NAME already runs. The child writes its own pid
# before it becomes COMMAND, so that no moment exists in which it runs unrecorded.
process_start() {
  local name=$1
  shift
  process_alive "$name" && return 0
  rm -f "$PROCESS_PIDS/$name"
  # shellcheck disable=SC2016  # expanded by the child
  setsid bash -c 'pidfile=$1; shift; cd /; read -r line </proc/$$/stat; read -ra fields <<<"${line##*) }"
    echo "$$ ${fields[19]}" >"$pidfile"; exec "$@"' \
    "$name" "$PROCESS_PIDS/$name" "$@" </dev/null >>"$PROCESS_LOGS/$name.log" 2>&1 9>&- &
  local waited=0
  until [[ -s $PROCESS_PIDS/$name ]]; do
    ((waited++ < 200)) || die "$name: the process did not come to its first instruction in 10 s; is the machine out of memory or processes?"
    sleep 0.05
  done
}

# process_start_time PID: the kernel's start tick, which tells a process from a later one with the same pid. A zombie counts as
# ended once it is its last thread: until then the others hold the process' ports and locks.
process_start_time() {
  local line fields
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  read -ra fields <<<"${line##*) }"
  [[ ${fields[0]} != Z ]] || ((fields[17] > 1)) || return 1
  printf '%s\n' "${fields[19]}"
}

# process_pid NAME: the recorded pid if that very process still runs; fails otherwise.
process_pid() {
  local pid start
  [[ -s $PROCESS_PIDS/$1 ]] || return 1
  read -r pid start <"$PROCESS_PIDS/$1" || return 1
  [[ $(process_start_time "$pid") == "$start" ]] || return 1
  printf '%s\n' "$pid"
}

process_alive() { process_pid "$1" >/dev/null; }

# process_stop NAME...: asks all to end, waits up to PROCESS_GRACE seconds (8), then forces the rest.
process_stop() {
  local name pid deadline=$((SECONDS + ${PROCESS_GRACE:-8})) left
  for name in "$@"; do
    pid=$(process_pid "$name") && kill "$pid" 2>/dev/null
  done
  while :; do
    left=()
    for name in "$@"; do process_alive "$name" && left+=("$name"); done
    ((${#left[@]})) || break
    if ((SECONDS >= deadline)); then
      for name in "${left[@]}"; do
        pid=$(process_pid "$name") && kill -KILL "$pid" 2>/dev/null
      done
    fi
    sleep 0.1
  done
  for name in "$@"; do rm -f "$PROCESS_PIDS/$name"; done
}

# wait_for NAME SECONDS WHAT COMMAND...: until COMMAND succeeds. NAME is the process whose log explains a failure; its death
# ends the wait at once.
wait_for() {
  local name=$1 seconds=$2 what=$3 deadline
  shift 3
  deadline=$((SECONDS + seconds))
  until "$@" >/dev/null 2>&1; do
    process_alive "$name" || process_failed "$name" "$what: the process $name ended"
    ((SECONDS < deadline)) || process_failed "$name" "$what: not so after $seconds s"
    sleep 0.1
  done
}

# process_failed NAME MESSAGE: what NAME's log calls an error (the end is often only the shutdown), its end, then the error.
process_failed() {
  printf -- '--- errors in %s\n' "$PROCESS_LOGS/$1.log" >&2
  grep -m 10 -A 8 -wE 'ERROR|FATAL' "$PROCESS_LOGS/$1.log" | head -n 40 >&2 || true
  printf -- '--- last lines of %s\n' "$PROCESS_LOGS/$1.log" >&2
  tail -n 25 "$PROCESS_LOGS/$1.log" >&2 || true
  die "$2. The log above says why; after mending it run the same command again"
}
