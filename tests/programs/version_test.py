"""What the programs say of their version: `version_test.py TRACKER OPERATOR VERSION`."""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


class ProgramsTest(unittest.TestCase):
    def test_each_says_version_and_commit(self):
        for command in ([TRACKER, "version"], [OPERATOR, "--version"]):
            name = pathlib.Path(command[0]).name
            commit = "(unknown|[0-9a-f]{12,40}(-dirty)?)"
            self.assertRegex(run(*command), rf"^{name} {re.escape(VERSION)} \(commit {commit}\)\n$")


class CommitTest(unittest.TestCase):
    """cmake/git_commit.cmake, in a repository of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name) / "root"
        self.root.mkdir()
        self.file = pathlib.Path(folder.name) / "git_commit.cpp"

    def git(self, *arguments):
        return run("git", "-C", self.root, "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments).strip()

    def commit(self):
        self.git("init", "--quiet")
        (self.root / "kept").write_text("1", encoding="utf-8")
        self.git("add", "kept")
        self.git("commit", "--quiet", "--message", "one")
        return self.git("rev-parse", "HEAD")[:12]

    def said(self, given=""):
        script = ROOT / "cmake" / "git_commit.cmake"
        run("cmake", f"-DROOT={self.root}", f"-DCOMMIT={given}", f"-DFILE={self.file}", "-P", script)
        return re.search('"([^"]*)"; }', self.file.read_text(encoding="utf-8"))[1]

    def test_the_commit(self):
        commit = self.commit()
        self.assertEqual(self.said(), commit)
        self.git("tag", "--annotate", "--message", "one", "v1")  # no name instead of the commit
        self.assertEqual(self.said(), commit)

    def test_what_is_changed_is_dirty_and_a_stray_file_is_not(self):
        commit = self.commit()
        (self.root / "stray").write_text("2", encoding="utf-8")
        self.assertEqual(self.said(), commit)
        (self.root / "kept").write_text("2", encoding="utf-8")
        self.assertEqual(self.said(), commit + "-dirty")

    def test_without_a_checkout_it_is_unknown_also_inside_another_one(self):
        self.assertEqual(self.said(), "unknown")
        self.commit()
        self.root = self.root / "unpacked"
        self.root.mkdir()
        self.assertEqual(self.said(), "unknown")

    def test_a_given_one_is_believed(self):
        self.commit()
        self.assertEqual(self.said("0123456789ab-dirty"), "0123456789ab-dirty")
        with self.assertRaises(subprocess.CalledProcessError):
            self.said('"; int a')

    def test_the_file_is_written_only_where_it_changes(self):
        self.commit()
        self.said()
        before = self.file.stat().st_mtime_ns
        self.said()
        self.assertEqual(self.file.stat().st_mtime_ns, before)


if __name__ == "__main__":
    TRACKER, OPERATOR, VERSION = sys.argv[1:4]
    unittest.main(argv=sys.argv[:1])
