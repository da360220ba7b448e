#!/usr/bin/env python3
"""Keeps a second MySQL or MariaDB equal to the tables of a canal-json topic: copy_to_mysql.py BOOTSTRAP GROUP TOPIC HOST PORT USER

The password is in MYSQL_PWD. What the tables held before the task began is to be copied first (mysqldump). Rows are written by
primary key, so that what comes twice ends in the same state. The topic has one partition, the default, so that schema changes stand
between the rows. Generated columns are to be excluded in the task.
Needs python3-confluent-kafka, python3-pymysql and python3-cryptography (MySQL 8's passwords); topic.py reads the topic.
"""
import json
import os
import re
import sys

import pymysql
from topic import batches

# A schema change is committed by itself: rows of before it, which the altered table may not take, do not come again after it. Only
# that statement may come twice, and this is what it then says: a database, table, column or key is there already, or gone.
REPEATED = {1007, 1008, 1050, 1051, 1054, 1060, 1061, 1091, 1146}
# Values are text: the numbers of members of ENUM and SET too, and bytes as the characters U+0000 to U+00FF.
NUMBERS = re.compile(r"(tiny|small|medium|big)?int\b|bit|enum|set")
BYTES = re.compile(r"\w*(blob|binary|geom|point|linestring|polygon)")


def value_of(text, mysql_type):
    if text is None:
        return None
    if NUMBERS.match(mysql_type):
        return int(text)
    return text.encode("latin-1") if BYTES.match(mysql_type) else text


def row_of(texts, types):
    return {name: value_of(text, types[name]) for name, text in texts.items()}


def names(columns):
    return ",".join("`" + column.replace("`", "``") + "`" for column in columns)


class Target:
    """Keeps the newest state of each row (None: deleted) until flush()."""

    def __init__(self, **login):
        mode = "SET sql_mode='ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', time_zone='+00:00', foreign_key_checks=0"
        self.connection = pymysql.connect(charset="utf8mb4", init_command=mode, **login)
        self.cursor = self.connection.cursor()
        self.tables = {}

    def add(self, change):
        if not change["pkNames"]:
            raise SystemExit(f"{change['database']}.{change['table']} has no primary key: exclude it from the task")
        row = row_of(change["data"][0], change["mysqlType"])
        before = row | row_of((change["old"] or [{}])[0], change["mysqlType"])
        rows = self.tables.setdefault((change["database"], change["table"], tuple(change["pkNames"])), {})
        rows[tuple(before[name] for name in change["pkNames"])] = None  # where it was, if the key has changed
        rows[tuple(row[name] for name in change["pkNames"])] = None if change["type"] == "DELETE" else row

    def flush(self):
        for (database, table, key), rows in self.tables.items():
            table = f"{names([database])}.{names([table])}"
            if deleted := [values for values, row in rows.items() if row is None]:
                self.cursor.execute(f"DELETE FROM {table} WHERE ({names(key)}) IN %s", [deleted])
            written = {}
            for row in filter(None, rows.values()):
                written.setdefault(tuple(row), []).append(tuple(row.values()))
            for columns, values in written.items():
                marks = ",".join(["%s"] * len(columns))
                self.cursor.executemany(f"REPLACE INTO {table} ({names(columns)}) VALUES ({marks})", values)
        self.connection.commit()
        self.tables = {}

    def alter(self, change):
        self.flush()
        self.cursor.execute(f"CREATE DATABASE IF NOT EXISTS {names([change['database']])}")
        self.connection.select_db(change["database"])
        try:
            self.cursor.execute(change["sql"])
        except pymysql.MySQLError as error:
            if error.args[0] not in REPEATED:
                raise


def main():
    if len(sys.argv) != 7:
        raise SystemExit("usage: copy_to_mysql.py BOOTSTRAP GROUP TOPIC HOST PORT USER")
    bootstrap, group, topic, host, port, user = sys.argv[1:]
    target = Target(host=host, port=int(port), user=user, password=os.environ.get("MYSQL_PWD", ""))
    for records in batches(bootstrap, group, topic, 5000, is_alone=lambda record: b'"isDdl":true' in record.value()):
        for record in records:
            change = json.loads(record.value())
            (target.alter if change["isDdl"] else target.add)(change)
        target.flush()


main()
