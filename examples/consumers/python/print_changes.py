#!/usr/bin/env python3
"""Prints the changes of topics until SIGINT or SIGTERM: print_changes.py BOOTSTRAP GROUP TOPIC...

Needs confluent-kafka: Debian's python3-confluent-kafka, or pip install confluent-kafka.
"""
import json
import signal
import sys

from confluent_kafka import Consumer, KafkaException


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def handle(record):
    if record.value() is None:
        return  # a tombstone
    change = json.loads(record.value())
    source = change["source"]
    if "ddl" in change:
        print("schema", source["db"], compact(change["ddl"]), flush=True)
        return
    row = change["before"] if change["op"] == "d" else change["after"]
    print(change["op"], f"{source['db']}.{source['table']}", compact(row), flush=True)


def main():
    if len(sys.argv) < 4:
        raise SystemExit("usage: print_changes.py BOOTSTRAP GROUP TOPIC...")
    consumer = Consumer({
        "bootstrap.servers": sys.argv[1],
        "group.id": sys.argv[2],
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
    })
    stopped = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.append(True))
    consumer.subscribe(sys.argv[3:])
    try:
        while not stopped:
            records = consumer.consume(1000, timeout=0.5)
            for record in records:
                if record.error():
                    raise KafkaException(record.error())
                handle(record)
            if records:
                consumer.commit(asynchronous=False)
    finally:
        consumer.close()


main()
