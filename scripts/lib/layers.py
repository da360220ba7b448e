#!/usr/bin/env python3
"""Which room of the code may know which other, and where a third-party header may stand: read from the #include lines.

    layers.py ROOT     prints what does not hold, one line each, and fails
    layers.py --test   plants wrong includes and fails unless each is found
"""

import os
import re
import sys
import tempfile

# What every room may include: the vocabulary of failure.
FOR_ALL = {"common/status"}

# A room may include itself and these. In the order of the layers: nothing below a room's line may be named in it.
LAYERS = {
    "common/bytes": "",
    "common/names": "",
    "common/status": "",
    "common/time": "",
    "common/log": "common/bytes",
    "common/http": "common/bytes",
    "common/cli": "",
    "common/task": "common/bytes common/names",
    "tracker/sql": "common/bytes common/names",
    "tracker/types": "common/bytes",
    "tracker/binlog": "common/bytes tracker/sql tracker/types",
    "tracker/schema": "tracker/sql tracker/types tracker/binlog",
    "tracker/record": "common/bytes",
    "tracker/osc": "common/task tracker/sql tracker/schema",
    "tracker/select": "common/names common/task tracker/osc",
    "tracker/encode": "common/bytes common/names common/task tracker/sql tracker/types tracker/binlog tracker/schema "
    "tracker/record",
    "tracker/sink": "common/task common/time tracker/binlog tracker/record",
    "tracker/checkpoint": "common/task tracker/binlog tracker/sink",
    "tracker/groups": "common/task common/time tracker/record tracker/sink tracker/checkpoint",
    "tracker/source": "common/bytes common/names common/task tracker/sql tracker/types tracker/binlog",
    "tracker/pipeline": "common/bytes common/task common/time tracker/sql tracker/types tracker/binlog tracker/schema "
    "tracker/osc tracker/select tracker/record tracker/encode tracker/sink",
    "tracker/run": "common/task common/time tracker/sql tracker/types tracker/binlog tracker/schema "
    "tracker/osc tracker/select tracker/record tracker/encode tracker/sink tracker/checkpoint tracker/source tracker/pipeline",
    "tracker/readers": "common/bytes common/http common/names common/task common/time tracker/binlog tracker/select tracker/record tracker/sink tracker/checkpoint tracker/source tracker/run",
    "tracker/polardb": "common/task common/time",
    "tracker/precheck": "tracker/polardb common/bytes common/names common/task common/time tracker/types tracker/osc tracker/sql tracker/select tracker/sink tracker/checkpoint tracker/source",
    "tracker/cleanup": "common/task tracker/select tracker/sink tracker/checkpoint tracker/precheck",
    "tracker/serve": "common/http common/task common/time tracker/sink tracker/pipeline tracker/run",
    "tracker/commands": "common/http common/log common/names common/task common/time tracker/sql tracker/binlog "
    "tracker/schema tracker/record tracker/encode tracker/sink tracker/checkpoint tracker/groups tracker/source tracker/pipeline tracker/run tracker/readers tracker/polardb tracker/precheck "
    "tracker/cleanup tracker/serve",
    "tracker": "common/cli tracker/commands",
    "operator/kube": "common/bytes common/time",
    "operator/controller": "common/time operator/kube",
    "operator/lease": "common/time operator/kube",
    "operator/api": "common/task operator/kube",
    "operator/metrics": "common/time operator/kube operator/controller",
    "operator/tasks": "common/bytes common/http common/task common/time operator/kube operator/controller operator/api",
    "operator/inject": "common/http common/task common/time operator/kube operator/api operator/tasks",
    "operator": "common/cli common/http common/log operator/kube operator/lease operator/controller operator/metrics operator/tasks operator/inject",
    "sdk": "",
}

# By themselves: not even FOR_ALL. The SDK is compiled into what is not ours.
ALONE = ("sdk",)

# What stands behind an interface, by its header: named in its own room and here only.
CONCRETE = {
    "tracker/source/binlog_source.h": "tracker/commands",
    "tracker/source/file_source.h": "tracker/commands",
    "tracker/source/mysql_session.h": "tracker/commands tracker/precheck",
    "tracker/sink/kafka_sink.h": "tracker/commands",
    "tracker/sink/stdout_sink.h": "tracker/commands",
    "tracker/checkpoint/kafka_checkpoint_store.h": "tracker/commands tracker/precheck tracker/groups tracker/cleanup",
    "tracker/checkpoint/file_checkpoint_store.h": "tracker/commands",
}

# A library's headers, by how their names begin: the rooms or files in which they may stand.
THIRD_PARTY = {
    "mysql": "tracker/source",
    "errmsg.h": "tracker/source",
    "librdkafka/": "tracker/sink tracker/checkpoint tracker/groups sdk/src",
    "yaml-cpp/": "common/task operator/kube/config.cpp",
    "cpprest/": "operator/kube/cpprest_transport.cpp",
    "pplx/": "operator/kube/cpprest_transport.cpp",
    "prometheus/": "operator/metrics tracker/serve",
    "httplib.h": "common/http tracker/polardb/open_api.cpp",
    "CLI/": "common/cli operator/main.cpp tracker/commands",
    "re2/": "common/task tracker/select tracker/osc tracker/commands/decode.cpp",
    "openssl/": "common/http operator/inject tracker/encode tracker/polardb",
    "zstd.h": "tracker/binlog",
    "zlib.h": "tracker/binlog tracker/types tracker/sink/topic_name.cpp",
    "iconv.h": "tracker/types",
    "simdjson": "sdk/src",
    "unicode/": "",
}

OURS = ("common/", "tracker/", "operator/", "sdk/")
ALWAYS = ("common/version.h",)
INCLUDE = re.compile(r'^\s*#include ["<]([^">]+)[">]', re.MULTILINE)


def room_of(path):
    parts = path.split("/")
    if parts[0] in ALONE:
        return parts[0]
    return "/".join(parts[:2]) if len(parts) > 2 else parts[0]


def is_in(path, places):
    return any(path == place or path.startswith(place + "/") for place in places)


def check_include(path, included):
    room = room_of(path)
    if included.startswith(OURS):
        other = room_of(included)
        known = set() if room in ALONE else {*FOR_ALL, *LAYERS.get(room, "").split()}
        if other != room and other not in known and (included not in ALWAYS or room in ALONE):
            return f"{path} includes {included}: {room} may not know {other}"
        concrete = CONCRETE.get(included)
        if concrete is not None and room != room_of(included) and room not in concrete.split():
            return f"{path} includes {included}: what stands behind an interface is named in {concrete} only"
        return None
    for prefix, places in THIRD_PARTY.items():
        if included.startswith(prefix) and not is_in(path, places.split()):
            return f"{path} includes <{included}>: allowed in {places or 'no file'} only"
    return None


def sources(root):
    for top in OURS:
        for folder, _, files in os.walk(os.path.join(root, top)):
            for name in sorted(files):
                if name.endswith((".h", ".cpp")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def check_order():
    """The table itself: a room names only rooms above it, so that there is no circle."""
    seen = set()
    for room, others in LAYERS.items():
        for other in others.split():
            if other not in seen:
                yield f"layers.py: {room} names {other}, which does not stand above it"
        seen.add(room)


def check_rooms(root):
    """Each room is in the table and on the map, has a README of its own (or its parent's), and nothing more is told."""
    with open(os.path.join(root, "ARCHITECTURE.md"), encoding="utf-8") as file:
        told = set(re.findall(r"^\| `([a-z]+)/` \|", file.read(), re.MULTILINE))
    rooms = {room_of(path) for path in sources(root)}
    for room in sorted(rooms - set(LAYERS)):
        yield f"{room} is in no layer: add it to scripts/lib/layers.py"
    for room in sorted(set(LAYERS) - rooms):
        yield f"scripts/lib/layers.py names {room}, which is not there"
    names = {room.split("/")[1] for room in rooms if room.count("/") and not room.startswith("common/")}
    for name in sorted(names - told):
        yield f"ARCHITECTURE.md does not tell of {name}/ in its tables"
    for name in sorted(told - names):
        yield f"ARCHITECTURE.md tells of {name}/, which is not there"
    for room in sorted(rooms):
        if not room.startswith("common/") and not os.path.exists(os.path.join(root, room, "README.md")):
            yield f"{room} has no README.md"


def check(root):
    yield from check_order()
    yield from check_rooms(root)
    for path in sources(root):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            for included in INCLUDE.findall(file.read()):
                finding = check_include(path, included)
                if finding:
                    yield finding


PLANTED = {
    "tracker/types/planted.cpp": '#include "tracker/binlog/event.h"',
    "tracker/pipeline/planted.h": '#include "tracker/source/event_source.h"',
    "tracker/run/planted.cpp": '#include "tracker/sink/kafka_sink.h"',
    "tracker/encode/planted.cpp": "#include <librdkafka/rdkafka.h>",
    "sdk/src/planted.cpp": '#include "common/status/reason.h"',
    "sdk/include/rowtide/planted.h": "#include <librdkafka/rdkafka.h>",
    "operator/api/planted.cpp": '#include "tracker/sql/names.h"',
}


def test():
    for path, line in PLANTED.items():
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(os.path.join(root, os.path.dirname(path)))
            with open(os.path.join(root, "ARCHITECTURE.md"), "w", encoding="utf-8") as file:
                file.write("")
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(line + "\n")
            if not any(finding.startswith(f"{path} includes ") for finding in check(root)):
                sys.exit(f"layers.py does not find the wrong include planted in {path}: {line}")


def main():
    if sys.argv[1:] == ["--test"]:
        return test()
    findings = list(check(sys.argv[1]))
    for finding in findings:
        print(finding, file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
