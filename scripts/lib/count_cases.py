"""Counts test cases: `count_cases.py FOLDER` prints "PASSED FAILED".

FOLDER holds ctest.xml (JUnit, one case a ctest test) and, for each test program that ran to its end, GoogleTest's own
report with a case a test. A ctest test that failed without any failed case in a report (it crashed, or ran out of time)
counts as one failure.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree

folder = pathlib.Path(sys.argv[1])
passed = failed = 0
for path in folder.glob("*.xml"):
    if path.name == "ctest.xml":
        continue
    for case in ElementTree.parse(path).iter("testcase"):
        if case.get("status") == "run":
            failed += case.find("failure") is not None
            passed += case.find("failure") is None

broken = sum(
    case.get("status") == "fail" for case in ElementTree.parse(folder / "ctest.xml").iter("testcase")
)
print(passed, max(failed, broken))
