"""The dashboards, held against Grafana's dashboard linter: `dashboard_linter_test.py LINTER` prints "PASSED FAILED".

What the linter finds and the dashboards mean as it is stands in helm/rowtide/dashboards/.lint, with the reason.
"""

import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

from chart import CHART, panels

LINTER = ""
FOLDER = CHART / "dashboards"
EXCLUSIONS = yaml.safe_load((FOLDER / ".lint").read_text(encoding="utf-8"))["exclusions"]
# What Grafana 10.4 knows and the linter does not.
NEWER_UNITS = {"rowsps", "eps"}


def files():
    return sorted(FOLDER.glob("*.json"))


def loaded(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def lint(path, exclusions=FOLDER / ".lint"):
    """(exit code, what it found)."""
    command = [LINTER, "lint", "--strict", "--config", str(exclusions), str(path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.returncode, re.findall(r"^\[.*", run.stdout, flags=re.M) + ([] if run.returncode == 0 else [run.stderr])


def lint_dashboard(dashboard):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "dashboard.json")
        path.write_text(json.dumps(dashboard), encoding="utf-8")
        return lint(path)


class Linter(unittest.TestCase):
    def test_nothing_is_found(self):
        self.assertEqual(len(files()), 3)
        for path in files():
            with self.subTest(path.name):
                self.assertEqual(lint(path), (0, []))

    def test_what_is_spoiled_is_found(self):
        """Else a linter that does nothing, or a .lint that excludes everything, would pass."""

        def panel(dashboard, title):
            return next(one for one in panels(dashboard) if one["title"] == title)

        def query(dashboard, expression):
            panel(dashboard, "Lag")["targets"][0]["expr"] = expression

        spoilers = {
            "no or invalid units": lambda one: panel(one, "Lag")["fieldConfig"]["defaults"].update(unit="seconds"),
            "description": lambda one: panel(one, "Lag").update(description=""),
            "datasource": lambda one: panel(one, "Lag").update(datasource={"type": "prometheus", "uid": "P1809F7CD0C75ACF3"}),
            "invalid PromQL query": lambda one: query(one, "max(rowtide_tracker_lag_seconds"),
            "not aggregated": lambda one: query(one, "sum(rowtide_tracker_events_total)"),
            r"\$__rate_interval": lambda one: query(one, 'rate(rowtide_tracker_events_total{namespace=~"$namespace"}[5m])'),
            "refreshed": lambda one: one["templating"]["list"][1].update(refresh=1),
            "is editable": lambda one: one.update(editable=True),
        }
        for found, spoil in spoilers.items():
            with self.subTest(found):
                dashboard = loaded("task")
                spoil(dashboard)
                code, said = lint_dashboard(dashboard)
                self.assertEqual(code, 1)
                self.assertRegex("\n".join(said), found)

    def test_of_the_operator_s_own_metrics_the_instance_is_chosen(self):
        """The exclusions of its pod's panels are of these only."""
        dashboard = loaded("operator")
        target = next(one for one in panels(dashboard) if one["title"] == "Leader")["targets"][0]
        target["expr"] = "max by (instance) (rowtide_operator_leader)"
        code, said = lint_dashboard(dashboard)
        self.assertEqual(code, 1)
        self.assertRegex("\n".join(said), "instance selector not found")

    def test_every_exclusion_is_needed(self):
        for rule, excluded in EXCLUSIONS.items():
            for index, entry in enumerate(excluded["entries"]):
                with self.subTest(rule=rule, entry=entry), tempfile.NamedTemporaryFile("w", suffix=".lint") as file:
                    fewer = copy.deepcopy(EXCLUSIONS)
                    del fewer[rule]["entries"][index]
                    yaml.safe_dump({"exclusions": fewer}, file)
                    file.flush()
                    self.assertIn(1, [lint(path, file.name)[0] for path in files()])

    def test_every_exclusion_has_a_place_and_a_reason(self):
        for rule, excluded in EXCLUSIONS.items():
            self.assertTrue(excluded["entries"], f"{rule} is switched off altogether")
            for entry in excluded["entries"]:
                with self.subTest(rule=rule, entry=entry):
                    self.assertTrue(entry["dashboard"])
                    self.assertTrue(entry.get("reason") or excluded.get("reason"))

    def test_a_unit_that_the_linter_does_not_know_is_one_of_grafana(self):
        boards = {one["title"]: one for one in (json.loads(path.read_text(encoding="utf-8")) for path in files())}
        for entry in EXCLUSIONS["panel-units-rule"]["entries"]:
            (panel,) = (one for one in panels(boards[entry["dashboard"]]) if one["title"] == entry["panel"])
            with self.subTest(**entry):
                self.assertIn(panel["fieldConfig"]["defaults"]["unit"], NEWER_UNITS)


def main():
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    outcome = unittest.TextTestRunner(stream=sys.stderr, verbosity=0).run(suite)
    failed = len(outcome.failures) + len(outcome.errors)
    print(outcome.testsRun - failed, failed)


if __name__ == "__main__":
    LINTER = sys.argv[1]
    main()
