#!/usr/bin/env python3
"""Keeps a table's rows in SQLite, each change exactly once: sqlite_copy.py URL DATABASE.TABLE KEY FILE

URL is the tracker's, of a task with sink.stream (docs/stream.md): http://localhost:8080. The position stands in the file with the
rows, and both are written in one transaction: after a crash of anything it goes on where the rows are. It begins with the oldest
binlog: rows that are older must be copied first. An ALTER changes a row here when the row changes.
"""
import http.client
import json
import sqlite3
import sys
import time
import urllib.error
import urllib.request


def follow(url, table, key, db):
    (position,) = db.execute("SELECT position FROM place").fetchone() or ("earliest",)
    for line in urllib.request.urlopen(f"{url}/changes?from={position}&table={table}", timeout=60):
        change = json.loads(line)
        match change.get("rowtide"):
            case None if "op" in change:  # the others are schema changes
                if change["before"]:
                    db.execute("DELETE FROM rows WHERE key = ?", [change["before"][key]])
                if change["after"]:
                    db.execute("REPLACE INTO rows VALUES (?, ?)", [change["after"][key], json.dumps(change["after"])])
            case "commit":
                db.execute("REPLACE INTO place VALUES (1, ?)", [change["position"]])
                db.commit()
            case "error":
                print(change["message"], file=sys.stderr)


url, table, key, file = sys.argv[1:]
db = sqlite3.connect(file)
db.execute("CREATE TABLE IF NOT EXISTS rows (key PRIMARY KEY, row TEXT)")
db.execute("CREATE TABLE IF NOT EXISTS place (one INTEGER PRIMARY KEY, position TEXT)")
while True:
    try:
        follow(url, table, key, db)
    except urllib.error.HTTPError as error:
        print(error.read().decode(), file=sys.stderr)
        if error.code < 500:  # a bad request, or a place whose binlog is gone
            sys.exit(1)
    except (OSError, http.client.HTTPException, ValueError) as error:  # the tracker is away, perhaps amid a line
        print(error, file=sys.stderr)
    db.rollback()  # what came after the last commit line comes again
    time.sleep(1)
