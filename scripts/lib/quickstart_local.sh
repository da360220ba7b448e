# shellcheck shell=bash
# scripts/quickstart.sh without Kubernetes. Needs common.sh, packages.sh, ports.sh and build.sh.

# What a change looks like on the screen.
SHOW_CHANGE='
  if .ddl then "  SCHEMA  " + (.ddl | gsub("\\s+"; " "))
  else (.source.db + "." + .source.table) as $table
    | if .op == "c" then "  INSERT  " + $table + "  " + (.after | tojson)
      elif .op == "d" then "  DELETE  " + $table + "  " + (.before | tojson)
      else "  UPDATE  " + $table + "  " + (.before | tojson) + "\n       -> " + (.after | tojson) end
  end'

quickstart_local() {
  local keep=$1 tracker
  folder=$(mktemp -d "${TMPDIR:-/tmp}/rowtide-quickstart.XXXXXX")
  tracker_pid='' show_pid=''
  trap quickstart_clean_up EXIT
  trap 'exit 130' INT TERM

  ensure_packages "${QUICKSTART_PACKAGES[@]}"
  build_preset release rowtide-tracker
  tracker=$(repo_root)/build/release/tracker/rowtide-tracker

  say "starting a private MariaDB (loopback, data in $folder)"
  quickstart_start_database

  say "rowtide-tracker precheck examples/quickstart.yaml"
  "$tracker" precheck "$(repo_root)/examples/quickstart.yaml" --log-level error

  say "rowtide-tracker run examples/quickstart.yaml"
  quickstart_start_tracker "$tracker"
  say "committing a small shop's changes on another connection; each comes out as it commits:"
  quickstart_workload
  quickstart_wait_for_changes 9
  sleep 1.2 # the source is sampled once a second
  curl -s "http://$listen/status" |
    jq -r '"\nrowtide: lag \(.lagSeconds) s, \(.rowsPerSecond * 10 | round / 10) rows/s over the last seconds, \(.rowsTotal) rows in \(.transactionsTotal) transactions, at \(.position.file):\(.position.offset)"' >&2
  quickstart_farewell "$keep" "$tracker"
}

quickstart_start_database() {
  local facts
  facts=$("$(repo_root)/scripts/servers/mariadb.sh" start --dir "$folder/mariadb")
  ROWTIDE_QUICKSTART_PORT=$(server_fact PORT "$facts")
  socket=$(server_fact SOCKET "$facts")
  ROWTIDE_QUICKSTART_PASSWORD=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
  export ROWTIDE_QUICKSTART_PORT ROWTIDE_QUICKSTART_PASSWORD
  # The statement goes through standard input: arguments can be read by everybody on the machine.
  quickstart_sql <<END
CREATE DATABASE shop;
CREATE USER 'rowtide'@'%' IDENTIFIED BY '$ROWTIDE_QUICKSTART_PASSWORD';
GRANT REPLICATION SLAVE, BINLOG MONITOR, SLAVE MONITOR ON *.* TO 'rowtide'@'%';
GRANT SELECT ON shop.* TO 'rowtide'@'%';
END
}

quickstart_sql() { mariadb --no-defaults --user=root --socket="$socket" "$@"; }

quickstart_start_tracker() {
  listen=127.0.0.1:$(free_port 127.0.0.1)
  : >"$folder/changes"
  "$1" run "$(repo_root)/examples/quickstart.yaml" --listen "$listen" >"$folder/changes" 2>"$folder/tracker.log" &
  tracker_pid=$!
  local deadline=$((SECONDS + 20))
  until curl -fs "http://$listen/readyz" >/dev/null; do
    kill -0 "$tracker_pid" 2>/dev/null || quickstart_tracker_failed "the tracker ended"
    ((SECONDS < deadline)) || quickstart_tracker_failed "the tracker does not stream after 20 s"
    sleep 0.1
  done
  tail -n +1 -f --pid="$tracker_pid" "$folder/changes" | jq --unbuffered -r "$SHOW_CHANGE" &
  show_pid=$!
}

quickstart_tracker_failed() {
  tail -n 20 "$folder/tracker.log" >&2
  die "$1; the lines above are its log"
}

quickstart_workload() {
  quickstart_sql shop <<'END'
CREATE TABLE orders (id INT PRIMARY KEY AUTO_INCREMENT, customer VARCHAR(40) NOT NULL, total DECIMAL(10,2), placed DATETIME(3));
INSERT INTO orders (customer, total, placed) VALUES ('Ada', 12.50, '2026-01-31 09:30:00.125'), ('Grace', 99.95, NOW(3));
UPDATE orders SET total = total + 1 WHERE customer = 'Ada';
ALTER TABLE orders ADD COLUMN status ENUM('new','paid','shipped') NOT NULL DEFAULT 'new' AFTER customer;
INSERT INTO orders (customer, status, total) VALUES ('Zoë', 'paid', 7.00);
BEGIN;
UPDATE orders SET status = 'shipped' WHERE customer = 'Grace';
DELETE FROM orders WHERE customer = 'Ada';
COMMIT;
TRUNCATE TABLE orders;
END
}

# quickstart_wait_for_changes NUMBER
quickstart_wait_for_changes() {
  local deadline=$((SECONDS + 15))
  until (($(wc -l <"$folder/changes") >= $1)); do
    ((SECONDS < deadline)) || quickstart_tracker_failed "only $(wc -l <"$folder/changes") of $1 changes came out in 15 s"
    sleep 0.1
  done
}

quickstart_farewell() {
  local keep=$1
  if $keep; then
    trap - EXIT
    say "left running (--keep):
    changes  tail -f $folder/changes
    status   curl http://$listen/status
    SQL      mariadb --no-defaults --user=root --socket=$socket shop
    end      kill $tracker_pid; scripts/servers/mariadb.sh stop --dir $folder/mariadb; rm -r $folder"
    return
  fi
  say "where to go next:
    your own source   copy examples/quickstart.yaml, then: $2 precheck FILE; $2 run FILE
    Kubernetes        scripts/quickstart.sh --cluster
    how it is built   ARCHITECTURE.md"
}

quickstart_clean_up() {
  local pid
  for pid in $tracker_pid $show_pid; do
    kill "$pid" 2>/dev/null || continue
    wait "$pid" 2>/dev/null || true
  done
  "$(repo_root)/scripts/servers/mariadb.sh" stop --dir "$folder/mariadb" >/dev/null 2>&1 || true
  rm -rf "$folder"
}
