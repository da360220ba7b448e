"""The documents: `documents_test.py TRACKER` prints "PASSED FAILED".

Every relative link of a Markdown file leads somewhere, to a heading where it names one; every task in a document, and every part
of a spec, is accepted by the built tracker. TRACKER is asked by `run` with spec.suspend, which reads the task and ends.
"""

import copy
import functools
import os
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

from blocks import ROOT, code_blocks

TRACKER = ""
ACCEPTED = "spec.suspend is true; set it to false to run the task"
LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
BASE = {
    "apiVersion": "rowtide.dev/v1alpha1",
    "kind": "ChangeTrackingTask",
    "metadata": {"name": "task"},
    "spec": {
        "source": {"type": "MySQL", "host": "mysql", "credentialsSecretRef": {"name": "source"}},
        "objects": {"include": [{"database": "shop"}]},
        "sink": {"kafka": {"bootstrapServers": ["kafka:9092"]}},
    },
}


@functools.cache
def documents():
    names = subprocess.run(["git", "-C", str(ROOT), "ls-files", "*.md"], capture_output=True, text=True, check=True)
    return [ROOT / name for name in names.stdout.split("\n") if name and (ROOT / name).is_file()]


@functools.cache
def lines_of(path):
    """(line, is code) of each line; fenced and indented code alike."""
    fenced, lines = False, []
    for line in path.read_text(encoding="utf-8").split("\n"):
        is_fence = line.lstrip().startswith("```")
        lines.append((line, fenced or is_fence or line.startswith("    ")))
        fenced = fenced != is_fence
    return lines


@functools.cache
def anchors(path):
    """What GitHub makes of the headings: small letters, blanks as '-', punctuation left out."""
    found = set()
    for line, is_code in lines_of(path):
        heading = re.match(r"#+ +(.*?)\s*$", line)
        if is_code or not heading:
            continue
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).lower()
        anchor = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        again = sum(1 for one in found if re.fullmatch(re.escape(anchor) + r"(-\d+)?", one))
        found.add(f"{anchor}-{again}" if anchor in found else anchor)
    return found


def links(path):
    """(line, target) of each relative link; its text may go on in the next line."""
    text = "\n".join("" if is_code else re.sub(r"`[^`]*`", "", line) for line, is_code in lines_of(path))
    for link in LINK.finditer(text):
        if not re.match(r"[a-z]+:", link[1]):
            yield text.count("\n", 0, link.start()) + 1, link[1]


def merged(base, part):
    for key, value in part.items():
        base[key] = merged(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
    return base


def tasks(path):
    """(line, task) of each task, and of each part of a spec made a task."""
    for number, kind, text in code_blocks(path.read_text(encoding="utf-8")):
        if kind not in ("yaml", "indented"):
            continue
        try:
            objects = list(yaml.safe_load_all(text))
        except yaml.YAMLError:
            continue
        for one in objects:
            if not isinstance(one, dict) or not isinstance(one.get("spec"), dict):
                continue
            if one.get("kind") == "ChangeTrackingTask":
                yield number, one
            elif list(one) == ["spec"]:
                yield number, merged(copy.deepcopy(BASE), one)


def refusal(task):
    """What the tracker has against a task; None: nothing. Those that only run without Kubernetes are read so."""
    task = copy.deepcopy(task)
    task["spec"]["suspend"] = True
    text = yaml.safe_dump(task)
    variables = {name: "3306" for name in re.findall(r"\$\{env:(\w+)\}", text)}
    mode = [] if variables or "stdout" in task["spec"].get("sink", {}) else ["--kubernetes"]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        said = subprocess.run([TRACKER, "run", file.name, *mode], capture_output=True, text=True, timeout=60, check=False,
                              env={**os.environ, **variables})
    return None if said.returncode == 2 and ACCEPTED in said.stderr else said.stderr


class Documents(unittest.TestCase):
    def test_relative_links_lead_somewhere(self):
        for path in documents():
            for number, target in links(path):
                with self.subTest(f"{path.relative_to(ROOT)}:{number}", target=target):
                    name, _, anchor = target.partition("#")
                    file = (path.parent / name).resolve() if name else path
                    self.assertTrue(file.exists(), "no such file")
                    self.assertTrue(file.is_relative_to(ROOT), "outside of the repository")
                    if anchor and file.suffix == ".md":
                        self.assertIn(anchor, anchors(file), "no such heading")

    def test_every_document_is_in_the_table_of_contents(self):
        contents = ROOT / "docs" / "README.md"
        listed = {(contents.parent / target.partition("#")[0]).resolve() for _, target in links(contents)}
        for path in documents():
            if path.is_relative_to(ROOT / "docs") and path != contents and path.parent.name != "runbooks":
                with self.subTest(str(path.relative_to(ROOT))):
                    self.assertIn(path, listed)

    def test_prechecks_are_those_of_the_code(self):
        folder = ROOT / "tracker" / "precheck"
        page = (ROOT / "docs" / "prechecks.md").read_text(encoding="utf-8")
        rows = dict(re.findall(r"^\| (\w+) \| (.*) \|$", page, re.MULTILINE))
        rows.pop("check")
        names = re.findall(r'Check\{\s*(?:"(\w+)"|kLogin)', (folder / "checks.cpp").read_text(encoding="utf-8"))
        self.assertEqual(sorted(rows), sorted(name or "Authentication" for name in names))
        reasons = {reason for path in folder.glob("*.cpp")
                   for reason in re.findall(r'reason = "(\w+)"', path.read_text(encoding="utf-8"))}
        self.assertGreater(len(reasons), 15, "hardly any reason was found: is the search broken?")
        self.assertEqual([reason for reason in sorted(reasons) if not re.search(rf"\b{reason}\b", page)], [])
        tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "integration").glob("precheck_*test.cpp"))
        for check, row in rows.items():
            for test in row.rsplit("|", 1)[1].split(","):
                with self.subTest(f"{check}: {test.strip()}"):
                    self.assertRegex(tests, rf"\b{test.strip()}\)")

    def test_tasks_are_accepted(self):
        count = 0
        for path in documents():
            for number, task in tasks(path):
                count += 1
                with self.subTest(f"{path.relative_to(ROOT)}:{number}"):
                    self.assertIsNone(refusal(task))
        self.assertGreater(count, 5, "hardly any task was found: is the search broken?")

    def test_a_wrong_task_is_refused(self):
        wrong = merged(copy.deepcopy(BASE), {"spec": {"sink": {"kafka": {"format": "xml"}}}})
        self.assertIn("spec.sink.kafka.format", refusal(wrong))


if __name__ == "__main__":
    TRACKER = sys.argv[1]
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    outcome = unittest.TextTestRunner(stream=sys.stderr, verbosity=0).run(suite)
    failed = {test.id().split(" ")[0] for test, _ in outcome.failures + outcome.errors}
    print(outcome.testsRun - len(failed), len(failed))
