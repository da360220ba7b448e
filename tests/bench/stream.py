#!/usr/bin/env python3
"""The sink `stream` on a real MySQL 8: latency from commit to line, and changes a second from a backlog.

    stream.py TRACKER [--commits 5000] [--rows 500000]    TRACKER: build/release/tracker/rowtide-tracker
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MYSQL = os.path.join(SOURCE, "scripts", "servers", "mysql.sh")


def lines(port, query):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/changes?heartbeat=1&{query}", timeout=60) as response:
        yield from response


def latency(port, sql, commits):
    """Of single-row transactions, one each 2 ms, by the source's own commit time (microseconds)."""
    statements = tempfile.TemporaryFile()
    statements.write(f"INSERT INTO shop.t (v) VALUES ('{'x' * 100}'); DO SLEEP(0.002);\n".encode() * commits)
    statements.seek(0)
    writer, seen = None, []
    for line in lines(port, "from=latest"):
        arrived = time.time()
        change = json.loads(line)
        if writer is None:  # the first heartbeat: it streams
            writer = subprocess.Popen(sql, stdin=statements)
        elif "op" in change:
            seen.append(arrived - change["source"]["ts_us"] / 1e6)
            if len(seen) == commits:
                break
    writer.wait()
    seen.sort()
    print(f"latency of {commits} commits: p50 {seen[commits // 2] * 1e3:.2f} ms, p99 {seen[commits * 99 // 100] * 1e3:.2f} ms")


def throughput(port, sql, rows, tracker):
    doubling = "INSERT INTO shop.backlog (v) SELECT v FROM shop.backlog;\n"
    fill = f"CREATE TABLE shop.backlog (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(200));\nINSERT INTO shop.backlog (v) VALUES (REPEAT('y', 100));\n"
    subprocess.run(sql, input=(fill + doubling * max(rows - 1, 1).bit_length()).encode(), check=True)
    count = size = 0
    begun = time.time()
    for line in lines(port, "from=earliest&operation=insert&table=shop.backlog"):
        count += line.startswith(b'{"before"')
        size += len(line)
        if count >= rows:
            break
    took = time.time() - begun
    with open(f"/proc/{tracker.pid}/status", encoding="ascii") as status:
        memory = next(line.split()[1] for line in status if line.startswith("VmHWM"))
    print(f"backlog: {count / took:,.0f} changes/s, {size / took / 1e6:.0f} MB/s, {int(memory) // 1024} MiB at most")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tracker")
    parser.add_argument("--commits", type=int, default=5000)
    parser.add_argument("--rows", type=int, default=500_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = os.path.join(folder, "mysql")
        started = subprocess.run([MYSQL, "start", "--dir", place, "--", "--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--binlog-row-metadata=FULL"],
                                 check=True, capture_output=True, text=True).stdout
        facts = dict(fact.split("=", 1) for fact in started.split())
        sql = ["mysql", "--no-defaults", "-uroot", "-S", facts["SOCKET"]]
        try:
            subprocess.run(sql, check=True, input=b"CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(200));"
                           b"CREATE USER rowtide@'%' IDENTIFIED BY 'Pa55-word'; GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO rowtide@'%';")
            task = {"apiVersion": "rowtide.dev/v1alpha1", "kind": "ChangeTrackingTask", "metadata": {"name": "bench"},
                    "spec": {"source": {"type": "MySQL", "host": facts["HOST"], "port": int(facts["PORT"]),
                                        "credentials": {"username": "rowtide", "password": "${env:BENCH_PASSWORD}"}},
                             "objects": {"include": [{"database": "shop"}]}, "sink": {"stream": {}}}}
            file = os.path.join(folder, "task.yaml")
            with open(file, "w", encoding="utf-8") as document:
                json.dump(task, document)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            with subprocess.Popen([options.tracker, "run", file, "--listen", f"127.0.0.1:{port}"],
                                  env={**os.environ, "BENCH_PASSWORD": "Pa55-word"}, stderr=subprocess.DEVNULL) as tracker:
                try:
                    time.sleep(1)
                    latency(port, sql, options.commits)
                    throughput(port, sql, options.rows, tracker)
                finally:
                    tracker.terminate()
        finally:
            subprocess.run([MYSQL, "stop", "--dir", place], check=False, stdout=subprocess.DEVNULL)


sys.exit(main())
