"""Runs a Python test program as a ctest test: `python_test.py NAME PROGRAM ARGUMENT...`.

The program prints "PASSED FAILED" as its last line. They become a report of GoogleTest's form in the folder of GTEST_OUTPUT, as
scripts/lib/count_cases.py reads it. An argument $NAME is a variable of the environment, which scripts/test.sh sets: a tool that
is fetched, not built. The exit code is 1 where a case failed or the program did not come to its end.
"""

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

name, program, *arguments = sys.argv[1:]
for index, argument in enumerate(arguments):
    if argument.startswith("$"):
        if not os.environ.get(argument[1:]):
            sys.exit(f"{name}: {argument[1:]} is not set; run it by scripts/test.sh --only {name}")
        arguments[index] = os.environ[argument[1:]]
run = subprocess.run([sys.executable, program, *arguments], stdout=subprocess.PIPE, text=True, check=False)
print(run.stdout, end="")
try:
    passed, failed = map(int, run.stdout.splitlines()[-1].split())
except (IndexError, ValueError):
    sys.exit(f"{name}: it ended with {run.returncode} and no counts")
if passed < 0 or passed + failed == 0 or (run.returncode != 0 and failed == 0):
    sys.exit(f"{name}: it ended with {run.returncode} and the counts {passed} {failed}")

output = os.environ.get("GTEST_OUTPUT", "")
if output.startswith("xml:"):
    suites = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(suites, "testsuite", name=name)
    for number in range(passed + failed):
        case = ElementTree.SubElement(suite, "testcase", name=str(number), status="run")
        if number >= passed:
            ElementTree.SubElement(case, "failure")
    ElementTree.ElementTree(suites).write(f"{output.removeprefix('xml:')}{name}.xml")
sys.exit(1 if failed else 0)
