"""What scripts/release.sh makes, of programs that are already built: `release_test.py HELM BUILD_FOLDER` prints "PASSED FAILED".

The image is not made here: dpkg's list is this machine's.
"""

import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSION = re.search(r"project\(rowtide VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))[1]
PROGRAMS = {"rowtide-tracker": 1, "rowtide-operator": 8}
LIBRARIES = "set -euo pipefail; for part in common go_build helm chart release; do . scripts/lib/$part.sh; done; "


def run(*command, cwd=ROOT, code=0):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=cwd)
    if done.returncode != code:
        raise AssertionError(f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class ReleaseTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.work = pathlib.Path(cls.folder.name)
        cls.output = cls.work / "output"
        for folder in (cls.output, cls.work / "bin"):
            folder.mkdir()
        for program in PROGRAMS:
            built = next(pathlib.Path(BUILD).glob(f"*/{program}"))
            run("strip", "-o", cls.work / "bin" / program, built)
        shutil.copy("/var/lib/dpkg/status", cls.work / "status")
        compiled_in = run("dpkg-query", "-W", "-f", "${Package} ${Version} ${Architecture}\n", "libcli11-dev", "nlohmann-json3-dev")
        (cls.work / "compiled-in").write_text(compiled_in, encoding="utf-8")
        (cls.work / "doc").mkdir()
        shutil.copy(ROOT / "LICENSE", cls.work / "doc")
        shutil.copy("/usr/share/doc/libcli11-dev/copyright", cls.work / "doc" / "libcli11-dev.copyright")
        run("bash", "-c", LIBRARIES + 'release_tree "$1/bin" "$1/doc" "$1/root"; depends=$(release_depends "$1/root"); '
            'release_packages "$1/root" "$depends" "$2"; release_chart reg.io/r "$2"; release_sbom "$depends" "$1" "$2/sbom.json"; '
            'release_sums "$2"', "release", cls.work, cls.output)
        cls.deb = next(cls.output.glob("*.deb"))
        depends = run("dpkg-deb", "--field", cls.deb, "Depends").strip()
        # By the name of what is installed; one is named by what it provides.
        cls.depends = {re.sub("-fmt9$", "", name) for name in re.findall(r"([a-z0-9.+-]+)(?: \([^)]*\))?(?:, |$)", depends)}

    def check_tree(self, usr):
        """Programs run and say the version; pages and completions are what they print."""
        for program, section in PROGRAMS.items():
            path = usr / "bin" / program
            argument = "version" if section == 1 else "--version"
            self.assertTrue(run(path, argument).startswith(f"{program} {VERSION} (commit "))
            with gzip.open(usr / "share" / "man" / f"man{section}" / f"{program}.{section}.gz", "rt", encoding="utf-8") as page:
                self.assertEqual(page.read(), run(path, "man"))
            for shell, file in (("bash", f"bash-completion/completions/{program}"), ("zsh", f"zsh/vendor-completions/_{program}"),
                                ("fish", f"fish/vendor_completions.d/{program}.fish")):
                self.assertEqual((usr / "share" / file).read_text(encoding="utf-8"), run(path, "completion", shell))
        for plugin in ("kubectl-rowtide", "kubectl_complete-rowtide"):
            self.assertEqual((usr / "bin" / plugin).read_bytes(), (ROOT / "operator" / "plugin" / plugin).read_bytes())
        documents = {path.name for path in (usr / "share" / "doc" / "rowtide").iterdir()}
        self.assertEqual(documents, {"copyright", "LICENSE", "libcli11-dev.copyright"})
        self.assertIn("kubectl rowtide status", run(usr / "bin" / "kubectl-rowtide", "--help"))

    def test_the_debian_package_installs(self):
        root = self.work / "scratch"
        for folder in ("info", "updates"):
            (root / "var" / "lib" / "dpkg" / folder).mkdir(parents=True)
        (root / "var" / "lib" / "dpkg" / "status").touch()
        run("dpkg", f"--root={root}", "--force-depends", "--force-not-root", "--install", self.deb)
        self.check_tree(root / "usr")
        self.assertEqual(run("dpkg", f"--root={root}", "--verify", "rowtide"), "")
        owners = {line.split()[1] for line in run("dpkg-deb", "--contents", self.deb).splitlines()}
        self.assertEqual(owners, {"root/root"})

    def test_the_debian_package_depends_on_what_the_programs_load(self):
        self.assertTrue({"librdkafka1", "libmariadb3", "libcpprest2.10", "libc6", "ca-certificates"} <= self.depends, self.depends)
        self.assertEqual(run("dpkg-deb", "--field", self.deb, "Version").strip(), VERSION)
        run("dpkg-query", "-W", *self.depends)

    def test_the_tarball(self):
        name = f"rowtide-{VERSION}-linux-{run('dpkg', '--print-architecture').strip()}"
        with tarfile.open(self.output / f"{name}.tar.gz") as tar:
            self.assertEqual({one.name.split("/")[0] for one in tar.getmembers()}, {name})
            self.assertEqual({one.uid for one in tar.getmembers()}, {0})
            tar.extractall(self.work / "unpacked")
        self.check_tree(self.work / "unpacked" / name)

    def test_the_same_again_is_the_same(self):
        for which in ("first", "second"):
            (self.work / which).mkdir()
            (self.work / f"{which}_bin").mkdir()
            for program in PROGRAMS:  # small ones: compressing takes long
                shutil.copyfile("/bin/true", self.work / f"{which}_bin" / program)
                (self.work / f"{which}_bin" / program).chmod(0o755)
            touch = 'find "$1_root" -exec touch --date "now + $2 hours" {} +; '
            run("bash", "-c", LIBRARIES + 'release_tree "$1_bin" "$3" "$1_root"; ' + touch +
                'release_packages "$1_root" libc6 "$1"; release_chart reg.io/r "$1"',
                "release", self.work / which, str(len(which)), self.work / "doc")
        for path in (self.work / "first").iterdir():
            self.assertEqual(path.read_bytes(), (self.work / "second" / path.name).read_bytes(), path.name)

    def test_the_sums(self):
        sums = "SHA256SUMS-" + run("dpkg", "--print-architecture").strip()
        named = {line.split()[1] for line in (self.output / sums).read_text(encoding="utf-8").splitlines()}
        self.assertEqual(named, {path.name for path in self.output.iterdir()} - {sums})
        run("sha256sum", "--check", "--strict", sums, cwd=self.output)

    def test_chart_and_manifest(self):
        package = self.output / f"rowtide-{VERSION}.tgz"
        chart = yaml.safe_load(run(HELM, "show", "chart", package))
        self.assertEqual((chart["version"], chart["appVersion"]), (VERSION, VERSION))
        for manifest in ((self.output / "install.yaml").read_text(encoding="utf-8"), run(HELM, "template", package)):
            images = [container["image"] for one in yaml.safe_load_all(manifest) if one and one["kind"] == "Deployment"
                      for container in one["spec"]["template"]["spec"]["containers"]]
            self.assertEqual(images, [f"reg.io/r:{VERSION}"])
        with tarfile.open(package) as tar:
            self.assertIn("rowtide/LICENSE", tar.getnames())

    def test_the_sbom(self):
        sbom = json.loads((self.output / "sbom.json").read_text(encoding="utf-8"))
        self.assertEqual((sbom["spdxVersion"], sbom["SPDXID"], sbom["dataLicense"]), ("SPDX-2.3", "SPDXRef-DOCUMENT", "CC0-1.0"))
        packages = {one["SPDXID"]: one for one in sbom["packages"]}
        self.assertEqual(len(packages), len(sbom["packages"]))
        for identifier, package in packages.items():
            self.assertRegex(identifier, r"^SPDXRef-[A-Za-z0-9.-]+$")
            self.assertTrue({"name", "versionInfo", "downloadLocation", "licenseConcluded", "copyrightText"} <= package.keys())
        related = {"CONTAINS": set(), "DYNAMIC_LINK": set(), "STATIC_LINK": set(), "DESCRIBES": set()}
        for one in sbom["relationships"]:
            self.assertTrue({one["spdxElementId"], one["relatedSpdxElement"]} <= packages.keys() | {"SPDXRef-DOCUMENT"}, one)
            related[one["relationshipType"]].add(packages[one["relatedSpdxElement"]]["name"])
        installed = run("dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n")
        self.assertEqual(related["CONTAINS"] - {"rowtide"}, set(re.findall(r"^installed (.*)$", installed, re.MULTILINE)))
        self.assertEqual(related["DYNAMIC_LINK"], self.depends - {"ca-certificates"})
        self.assertEqual(related["STATIC_LINK"], {"libcli11-dev", "nlohmann-json3-dev"})
        libc = run("dpkg-query", "-W", "-f", "${Version}", "libc6")
        self.assertIn(libc, [one["versionInfo"] for one in packages.values() if one["name"] == "libc6"])


class CheckoutTest(unittest.TestCase):
    def test_what_is_not_committed_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            shutil.copytree(ROOT / "scripts", root / "scripts")
            shutil.copy(ROOT / "CMakeLists.txt", root)
            clean = ". scripts/lib/common.sh; . scripts/lib/release.sh; release_clean"
            run("bash", "-c", clean, cwd=root, code=1)  # no checkout: nobody can tell
            git = ("git", "-C", root, "-c", "user.name=a", "-c", "user.email=a@example.org")
            run(*git, "init", "--quiet")
            run(*git, "add", ".")
            run(*git, "commit", "--quiet", "--message", "one")
            run("bash", "-c", clean, cwd=root)
            (root / "stray").touch()
            run("bash", "-c", clean, cwd=root, code=1)
            self.assertIn("--allow-dirty", run(root / "scripts" / "release.sh", "--output", root / "output", code=1))
            self.assertFalse((root / "output").exists())


if __name__ == "__main__":
    HELM, BUILD = sys.argv[1:3]
    os.environ["LC_ALL"] = "C"
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    outcome = unittest.TextTestRunner(stream=sys.stderr, verbosity=0).run(suite)
    failed = len(outcome.failures) + len(outcome.errors)
    print(outcome.testsRun - failed, failed)
