"""clang-tidy over the product: `tidy.py ROOT KNOWN`. Exit code 1 where it finds something.

A folder's files are looked at as one (a file made for it includes them): most of the time goes into the headers, which
are then read once a folder. A folder whose files, headers, flags and rules are those that passed before (remembered in
the folder KNOWN) is not looked at again. Needs a built build/dev.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys

root = pathlib.Path(sys.argv[1])
known = pathlib.Path(sys.argv[2])
build = root / "build/dev"
PRODUCT = ("common/", "tracker/", "operator/", "sdk/")


def in_product(path):
    """`path` relative to the root if it belongs to the product. Relative paths begin at the build folder."""
    path = os.path.relpath(os.path.normpath(build / path), root)
    return path if path.startswith(PRODUCT) else None


def folders():
    """Folder -> the flags that its sources are compiled with, and the sources."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if source := in_product(entry["file"]):
            words = entry["command"].split()
            start = next(i for i, word in enumerate(words) if "clang++" in word) + 1
            flags = words[start : words.index("-o")]
            found.setdefault(os.path.dirname(source), (flags, []))[1].append(source)
    return found


def included():
    """Source -> the product's files that it was compiled from, as ninja knows them."""
    listed = subprocess.run(["ninja", "-C", build, "-t", "deps"], check=True, capture_output=True, text=True).stdout
    found = {}
    for block in listed.split("\n\n"):
        files = [path for line in block.splitlines()[1:] if (path := in_product(line.strip()))]
        for source in files:
            if source.endswith(".cpp"):
                found.setdefault(source, set()).update(files)
    return found


def key_of(flags, sources, headers):
    files = sorted({".clang-tidy", *sources}.union(*(headers.get(source, ()) for source in sources)))
    texts = [f"{path}\0{(root / path).read_text()}" for path in files]
    return hashlib.sha256("\0".join([*flags, *texts]).replace(str(root), "").encode()).hexdigest()[:40]


def look_at(folder, flags, sources):
    merged = build / "tidy" / (folder.replace("/", "_") + ".cpp")
    merged.parent.mkdir(exist_ok=True)
    merged.write_text("".join(f'#include "{source}"\n' for source in sorted(sources)))
    command = ["clang-tidy-16", "--quiet", merged, "--", *flags, "-Wno-unknown-warning-option"]
    return subprocess.run(command, cwd=root, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


headers = included()
pending = {}
for folder, (flags, sources) in folders().items():
    key = known / key_of(flags, sources, headers)
    if not key.exists():
        pending[folder] = (key, flags, sources)

good = True
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    largest_first = sorted(pending, key=lambda folder: -len(pending[folder][2]))
    running = {pool.submit(look_at, folder, *pending[folder][1:]): folder for folder in largest_first}
    for done in concurrent.futures.as_completed(running):
        result = done.result()
        if result.returncode == 0:
            pending[running[done]][0].touch()
        else:
            good = False
            print(result.stdout, end="")
sys.exit(not good)
