"""Counts test cases: `count_cases.py FOLDER FAILURES` prints "PASSED FAILED", and writes to the end of the file FAILURES
what failed, and how.

FOLDER holds ctest.xml (JUnit, one case a ctest test) and, for each test program that ran to its end, GoogleTest's own
report with a case a test. A ctest test that failed without any failed case in a report (it crashed, or ran out of time)
counts as one failure.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree

MAX_LINES = 40  # of one failure

folder, failures = pathlib.Path(sys.argv[1]), []


def add_failure(name, text, keep):
    failures.append("\n    ".join([name, *keep(text.strip().splitlines())]))


def first(lines):
    return lines[:MAX_LINES]


def last(lines):
    return lines[-MAX_LINES:]


passed = failed = 0
explained = set()
for path in folder.glob("*.xml"):
    if path.name == "ctest.xml":
        continue
    for case in ElementTree.parse(path).iter("testcase"):
        if case.get("status") != "run":
            continue
        found = case.findall("failure")
        failed += bool(found)
        passed += not found
        if texts := [failure.text for failure in found if failure.text]:  # Python's programs say it in their output only
            explained.add(path.stem)
            add_failure(f"{path.stem}: {case.get('classname')}.{case.get('name')}", "\n".join(texts), first)

broken = [
    case for case in ElementTree.parse(folder / "ctest.xml").iter("testcase") if case.get("status") == "fail"
]
for case in broken:
    if case.get("name") not in explained:
        add_failure(case.get("name"), case.findtext("system-out") or "", last)

with open(sys.argv[2], "a", encoding="utf-8") as file:
    file.writelines(failure + "\n" for failure in failures)
print(passed, max(failed, len(broken)))
