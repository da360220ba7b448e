#!/usr/bin/env python3
"""How many debezium-json records a second the C++ SDK reads from a local broker, built for release.

    sdk_throughput.py [--records 1000000]
"""

import argparse
import json
import os
import subprocess
import tempfile

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KAFKA = os.path.join(SOURCE, "scripts", "servers", "kafka.sh")


def build(folder):
    build_dir = os.path.join(folder, "sdk")
    subprocess.run(["cmake", "-S", f"{SOURCE}/sdk", "-B", build_dir, "-DCMAKE_BUILD_TYPE=Release"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", build_dir, "--parallel"], check=True, stdout=subprocess.DEVNULL)
    program = os.path.join(folder, "sdk_throughput")
    subprocess.run(["g++", "-std=c++20", "-O2", f"-I{SOURCE}/sdk/include", f"{SOURCE}/tests/bench/sdk_throughput.cpp",
                    f"-L{build_dir}", f"-Wl,-rpath,{build_dir}", "-lrowtide-sdk", "-o", program], check=True)
    return program


def record(number):
    """As the tracker writes an insert: about 700 bytes."""
    row = {"id": number, "customer": number % 1000, "status": "new", "total": "12.50", "note": "an ordinary note", "created": 1700000000123}
    source = {"version": "0.1.0", "connector": "mysql", "name": "default.orders", "ts_ms": 1700000000123, "snapshot": "false",
              "db": "shop", "sequence": None, "ts_us": 1700000000123456, "ts_ns": 1700000000123456000, "table": "orders",
              "server_id": 5, "gtid": f"3e11fa47-71ca-11e1-9e33-c80aa9429562:{number}", "file": "mysql-bin.000003",
              "pos": 484, "row": 0, "thread": 7, "query": None}
    value = {"before": None, "after": row, "source": source, "transaction": None, "op": "c", "ts_ms": 1700000001654,
             "ts_us": 1700000001654321, "ts_ns": 1700000001654321000}
    return json.dumps(value, separators=(",", ":"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    records = parser.parse_args().records
    with tempfile.TemporaryDirectory() as folder:
        program = build(folder)
        place = os.path.join(folder, "kafka")
        started = subprocess.run([KAFKA, "start", "--dir", place, "--", "auto.create.topics.enable=true"], check=True, capture_output=True, text=True).stdout
        facts = dict(fact.split("=", 1) for fact in started.split())
        try:
            bootstrap = f"{facts.get('HOST', '127.0.0.1')}:{facts['PORT']}"
            writer = subprocess.Popen(["kcat", "-P", "-b", bootstrap, "-t", "bench", "-X", "linger.ms=50", "-z", "lz4"],
                                      stdin=subprocess.PIPE, text=True)
            for number in range(records):
                writer.stdin.write(record(number) + "\n")
            writer.stdin.close()
            writer.wait()
            for _ in range(3):
                print(subprocess.run([program, bootstrap, "bench", str(records)], check=True, capture_output=True, text=True).stdout.strip())
        finally:
            subprocess.run([KAFKA, "stop", "--dir", place], check=False)


main()
