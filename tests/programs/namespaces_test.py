"""The operator's --namespace: `namespaces_test.py TRACKER OPERATOR VERSION`."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

# Nobody answers there: what is watched is told before anything is listed.
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: none
contexts: [{name: none, context: {cluster: none, user: none}}]
clusters: [{name: none, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: none, user: {token: none}}]
"""
OPERATOR = ""


class NamespacesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.kubeconfig = pathlib.Path(folder.name) / "kubeconfig"
        self.kubeconfig.write_text(KUBECONFIG, encoding="utf-8")

    def command(self, *options):
        return [OPERATOR, "--kubeconfig", str(self.kubeconfig), "--tracker-image", "none", "--listen", "127.0.0.1:0", *options]

    def watched(self, *options):
        """The line that says so."""
        with subprocess.Popen(self.command(*options), stderr=subprocess.PIPE, text=True) as operator:
            line = next((one for one in operator.stderr if "Watching" in one), "")
            operator.terminate()
            operator.stderr.read()
        return line

    def test_each_is_watched_once(self):
        self.assertIn("Watching all namespaces at", self.watched())
        self.assertIn("Watching namespace shop at", self.watched("--namespace", "shop"))
        self.assertIn("Watching namespace bank, shop at", self.watched("--namespace=shop", "--namespace=bank", "--namespace=shop"))

    def test_what_is_no_namespace_is_refused(self):
        for name in ("", "a b", "Shop", "a.b", "shop,bank", "a" * 64, "*"):
            done = subprocess.run(self.command("--namespace=shop", f"--namespace={name}"), capture_output=True, text=True, check=False, timeout=20)
            self.assertNotEqual(done.returncode, 0, name)
            self.assertIn("--namespace: ", done.stderr)

    def test_one_option_takes_one(self):
        done = subprocess.run(self.command("--namespace", "shop", "bank"), capture_output=True, text=True, check=False, timeout=20)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("bank", done.stderr)


if __name__ == "__main__":
    OPERATOR = sys.argv[2]
    unittest.main(argv=sys.argv[:1])
