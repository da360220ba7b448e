#!/usr/bin/env python3
"""Runs a command for each new row of a table of a debezium-json topic: on_insert.py BOOTSTRAP GROUP TOPIC DATABASE.TABLE COMMAND...

The command has the row as JSON on its standard input. A row is done when its command has succeeded; after a failure this program
ends, and its next start begins with that row. Each service has a group of its own, and takes as long as it needs, up to a day a row.
Needs python3-confluent-kafka; topic.py reads the topic.
"""
import json
import subprocess
import sys

from topic import batches


def new_row(record, table):
    """The row as bytes of JSON, or None where the record is something else."""
    if record.value() is None:
        return None  # a tombstone
    change = json.loads(record.value())
    source = change["source"]
    if change.get("op") != "c" or f"{source['db']}.{source['table']}" != table:
        return None
    return json.dumps(change["after"], ensure_ascii=False).encode() + b"\n"


def main():
    if len(sys.argv) < 6:
        raise SystemExit("usage: on_insert.py BOOTSTRAP GROUP TOPIC DATABASE.TABLE COMMAND...")
    bootstrap, group, topic, table, *command = sys.argv[1:]
    a_day = 86_400_000  # librdkafka's most; at its five minutes a command would lose the partition and come again, elsewhere too
    for records in batches(bootstrap, group, topic, 1, max_poll_interval_ms=a_day):
        row = new_row(records[0], table)
        if row is not None:
            # A session of its own: what stops this program at a terminal does not stop the command's work.
            subprocess.run(command, input=row, check=True, start_new_session=True)


main()
