#!/usr/bin/env python3
"""Keeps a Redis cache up to date with the tables of a debezium-json topic: redis_cache.py BOOTSTRAP GROUP TOPIC HOST PORT

A table is a hash and a row a field of it, with the row's key as its name: HGET shop.orders '{"id":7}' gives the row as JSON.
A schema change empties the hashes of its database: a row that is missed is to be read from the database, as in any cache.
Needs python3-confluent-kafka and python3-redis; topic.py reads the topic.
"""
import json
import re
import sys

import redis
from topic import batches


def apply(record, cache):
    if record.value() is None:
        return  # a tombstone
    change = json.loads(record.value())
    database = change["source"]["db"]
    if "ddl" in change:
        cache.forget(database)
    elif record.key() is None:
        raise SystemExit(f"{database}.{change['source']['table']} has no key by which its rows could be found: exclude it")
    else:
        row = None if change["op"] == "d" else json.dumps(change["after"], ensure_ascii=False)
        cache.put(f"{database}.{change['source']['table']}", record.key(), row)


class Cache:
    """Collects commands, and sends those of a batch of records at once. That they come again does no harm."""

    def __init__(self, host, port):
        self.redis = redis.Redis(host=host, port=port)
        self.commands = self.redis.pipeline(transaction=False)

    def put(self, table, key, row):
        if row is None:
            self.commands.hdel(table, key)
        else:
            self.commands.hset(table, key, row)

    def forget(self, database):
        self.flush()
        pattern = re.sub(r"([*?\[\]\\])", r"\\\1", database) + ".*"
        for table in list(self.redis.scan_iter(pattern)):
            self.redis.delete(table)

    def flush(self):
        self.commands.execute()


def main():
    if len(sys.argv) != 6:
        raise SystemExit("usage: redis_cache.py BOOTSTRAP GROUP TOPIC HOST PORT")
    bootstrap, group, topic, host, port = sys.argv[1:]
    cache = Cache(host, int(port))
    for records in batches(bootstrap, group, topic, 2000):
        for record in records:
            apply(record, cache)
        cache.flush()


main()
