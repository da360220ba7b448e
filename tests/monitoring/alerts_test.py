"""The alerts of the chart, held against promtool: `alerts_test.py HELM` prints "PASSED FAILED".

ALERTS says for each what makes it fire; everything else in its case must keep it quiet.
"""

import dataclasses
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

import dashboards_test
import operator_alerts_test
from chart import ROOT, rules

HELM = "helm"
PREFIX = "Rowtide"
ORDERS = {"namespace": "shop", "name": "orders"}
TRACKED = {"namespace": "shop", "task": "orders"}
OPERATOR = {"namespace": "rowtide-system", "instance": "10.0.0.1:8080"}
LEASE = {"lease_namespace": "default", "lease": "rowtide-operator"}  # of the release that chart.py renders


def series(metric, labels, values):
    text = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return {"series": f"{metric}{{{text}}}", "values": values}


def leader(namespace, job, instance, values):
    return series("rowtide_operator_leader", {"namespace": namespace, "job": job, "instance": instance}, values)


def of_release(namespace, job, instance, **lease):
    labels = {"namespace": namespace, "job": job, "instance": instance, "version": "1", **lease}
    return series("rowtide_operator_build_info", labels, "1x120")


def condition(name, kind, status, values):
    labels = {"namespace": "shop", "name": name, "type": kind, "status": status}
    return series("rowtide_operator_task_condition", labels, values)


def phase(name, value):
    return series("rowtide_operator_task_phase", {"namespace": "shop", "name": name, "phase": value}, "1x120")


def tracker(metric, values, task="orders", **labels):
    return series("rowtide_tracker_" + metric, {"namespace": "shop", "task": task, **labels}, values)


def started(at, task):
    return series("process_start_time_seconds", {**TRACKED, "task": task}, f"{at}x160")


def operator(metric, values, **labels):
    return series(metric, {**OPERATOR, **labels}, values)


@dataclasses.dataclass
class Case:
    """At `at` it fires with `labels`, at `before` not yet; the series of `quiet` never make it fire. Its name: the alert's, and what else is so."""

    bad: list
    labels: dict
    before: str
    at: str
    value: str = ""
    quiet: list = dataclasses.field(default_factory=list)


def of_condition(kind, status):
    """Fires for the task orders, and not for stock."""
    opposite = "True" if status == "False" else "False"
    return Case(
        bad=[condition("orders", kind, status, "1x120"), condition("orders", kind, opposite, "0x120")],
        labels={**ORDERS, "type": kind, "status": status},
        before="0m",
        at="2m",
        quiet=[condition("stock", kind, status, "0x120"), condition("stock", kind, opposite, "1x120")],
    )


ALERTS = {
    "TaskNotReady": Case(
        bad=[condition("orders", "Ready", "True", "1 0x120"), phase("orders", "Failed")],
        labels={**ORDERS, "type": "Ready", "status": "True"},
        before="10m",
        at="12m",
        quiet=[
            condition("stock", "Ready", "True", "1x120"),
            condition("asleep", "Ready", "True", "0x120"),
            phase("asleep", "Suspended"),
            condition("restarted", "Ready", "True", "0x5 1x120"),
            condition("edited", "Ready", "True", "0x120"),
            condition("edited", "Streaming", "True", "1x120"),
        ],
    ),
    "TaskOutdated": Case(
        bad=[condition("orders", "Ready", "True", "1 0x120"), condition("orders", "Streaming", "True", "1x120")],
        labels={**ORDERS, "type": "Ready", "status": "True"},
        before="10m",
        at="12m",
        quiet=[
            condition("stock", "Ready", "True", "1x120"),
            condition("stock", "Streaming", "True", "1x120"),
            condition("down", "Ready", "True", "0x120"),
            condition("down", "Streaming", "True", "0x120"),
        ],
    ),
    "TaskInvalid": of_condition("Accepted", "False"),
    "PrecheckFailed": of_condition("PrecheckPassed", "False"),
    "WhitelistBlocked": of_condition("WhitelistReady", "False"),
    "TrackerNotScraped": Case(
        bad=[phase("orders", "Tracking")],
        labels={**ORDERS, "phase": "Tracking"},
        before="14m",
        at="16m",
        quiet=[phase("stock", "Tracking"), tracker("info", "1x120", task="stock"), phase("asleep", "Suspended")],
    ),
    "TrackerDisconnected": Case(
        bad=[tracker("source_connected", "0x120")],
        labels=TRACKED,
        before="4m",
        at="6m",
        quiet=[tracker("source_connected", "1 0 0 1x120", task="stock")],
    ),
    "TrackerReconnecting": Case(
        bad=[tracker("reconnects_total", "0+1x120", reason="SourceUnreachable")],
        labels={**TRACKED, "reason": "SourceUnreachable"},
        before="3m",
        at="20m",
        value="15",
        quiet=[tracker("reconnects_total", "0 1 2x120", task="stock", reason="SourceUnreachable")],
    ),
    "LagHigh": Case(
        bad=[tracker("lag_seconds", "0 90x120")],
        labels=TRACKED,
        before="5m",
        at="7m",
        value="1m 30s",
        quiet=[tracker("lag_seconds", "60x120", task="stock"), tracker("lag_seconds", "0 90 90 0x120", task="burst")],
    ),
    "CheckpointStale": Case(
        bad=[tracker("checkpoint_timestamp_seconds", "60x120"), tracker("lag_seconds", "5x120")],
        labels=TRACKED,
        before="15m",
        at="20m",
        value="19m 0s",
        quiet=[
            tracker("checkpoint_timestamp_seconds", "60x120", task="idle"),
            tracker("lag_seconds", "0x120", task="idle"),
            tracker("checkpoint_timestamp_seconds", "0x120", task="new"),
            tracker("lag_seconds", "5x120", task="new"),
            tracker("checkpoint_timestamp_seconds", "0+60x120", task="slow"),
            tracker("lag_seconds", "500x120", task="slow"),
        ],
    ),
    "PurgeHeadroomLow": Case(
        bad=[tracker("binlog_purge_headroom_seconds", "3600x120")],
        labels=TRACKED,
        before="4m",
        at="6m",
        value="1h 0m 0s",
        quiet=[tracker("binlog_purge_headroom_seconds", "86400x120", task="stock")],
    ),
    "SinkErrors": Case(
        bad=[tracker("sink_errors_total", "0+2x120", **{"class": "record"})],
        labels={**TRACKED, "class": "record"},
        before="3m",
        at="20m",
        value="20",
        quiet=[tracker("sink_errors_total", "7x120", task="stock", **{"class": "connection"})],
    ),
    "EventsSkipped": Case(
        bad=[tracker("skipped_events_total", "_x60 0+1x120", reason="oversized")],
        labels={**TRACKED, "reason": "oversized"},
        before="60m",
        at="150m",
        value="60",
        quiet=[
            tracker("skipped_events_total", "0+9x160", reason="unselected_rows"),
            tracker("skipped_events_total", "4x160", task="stock", reason="unprocessable"),
            started(-7200, "stock"),
            # Prometheus was away, and an hour after it there is no sample of an hour ago.
            tracker("skipped_events_total", "4x80 _x14 4x70", task="gap", reason="unprocessable"),
            started(-7200, "gap"),
            # Nor where it is new.
            tracker("skipped_events_total", "_x140 4x20", task="first", reason="unprocessable"),
            started(-7200, "first"),
        ],
    ),
    "EventsSkipped before the first scrape": Case(
        bad=[tracker("skipped_events_total", "_x60 1x120", reason="oversized"), started(3570, "orders")],
        labels={**TRACKED, "reason": "oversized"},
        before="59m",
        at="62m",
        value="1",
        quiet=[tracker("skipped_events_total", "_x60 0x120", task="stock", reason="oversized"), started(3570, "stock")],
    ),
    # Others' do not speak for it.
    "OperatorDown": Case(
        bad=[
            operator("rowtide_operator_build_info", "1x10", version="1", **LEASE),
            operator("rowtide_operator_build_info", "1x60", version="1", lease_namespace="default", lease="another"),
            operator("rowtide_operator_build_info", "1x60", version="1", lease_namespace="another", lease="rowtide-operator"),
        ],
        labels=LEASE,
        before="19m",
        at="30m",
    ),
    "OperatorNotLeading": Case(
        # Another release is led in the same namespace.
        bad=[
            *(leader("rowtide-system", "a", one, "1 1 0x60") for one in "xy"),
            leader("rowtide-system", "a", "z", "1x60"),
            *(of_release("rowtide-system", "a", one, **LEASE) for one in "xy"),
            of_release("rowtide-system", "a", "z", lease_namespace="default", lease="another"),
        ],
        labels={"namespace": "rowtide-system", "job": "a", "lease": LEASE["lease"]},
        before="3m",
        at="4m",
        quiet=[
            leader("b", "b", "x", "0x60"),
            leader("b", "b", "y", "1x60"),
            *(of_release("b", "b", one, **LEASE) for one in "xy"),
        ],
    ),
    "OperatorWebhookUntrusted": Case(
        bad=[operator("rowtide_operator_webhook_trusted", "1 0x120")],
        labels=OPERATOR,
        before="5m",
        at="7m",
        quiet=[series("rowtide_operator_webhook_trusted", {**OPERATOR, "instance": "10.0.0.2:8080"}, "0 0 0 1x120")],
    ),
    "OperatorReconcileErrors": Case(
        bad=[operator("controller_runtime_reconcile_errors_total", "0+1x120", controller="changetrackingtask")],
        labels=OPERATOR,
        before="5m",
        at="30m",
        value="15",
        quiet=[
            series(
                "controller_runtime_reconcile_errors_total",
                {"namespace": "b", "instance": "b", "controller": "changetrackingtask"},
                "0 1 2 3x120",
            ),
            series(
                "controller_runtime_reconcile_errors_total", {"namespace": "c", "instance": "c", "controller": "another"}, "0+9x120"
            ),
        ],
    ),
    "OperatorQueueStuck": Case(
        # Requests that hang end a reconciliation after a minute or two; the next one hangs as well.
        bad=[operator("workqueue_longest_running_processor_seconds", "0 59 0 59 0 59 0 59 0 59 0x120", name="changetrackingtask")],
        labels={**OPERATOR, "name": "changetrackingtask"},
        before="3m",
        at="5m",
        value="59s",
        quiet=[
            series(
                "workqueue_longest_running_processor_seconds",
                {"namespace": "b", "instance": "b", "name": "changetrackingtask"},
                "0 59 0x120",
            )
        ],
    ),
    "OperatorWatchRestarts": Case(
        bad=[operator("rowtide_operator_watch_restarts_total", "0+2x120", kind="Pod", reason="error")],
        labels={**OPERATOR, "kind": "Pod"},
        before="5m",
        at="30m",
        value="60",
        quiet=[operator("rowtide_operator_watch_restarts_total", "0+9x120", kind="Job", reason="timeout")],
    ),
}


# Alerts of what the operator says of tasks -> those that its next pod says are well, at once or before it ends.
OVER_PODS = {
    "TaskNotReady": [condition("mended", "Ready", "True", "0x15 1x120")],
    "TaskOutdated": [condition("mended", "Ready", "True", "0x15 1x120"), condition("mended", "Streaming", "True", "1x120")],
    "TaskInvalid": [condition("mended", "Accepted", "False", "1x15 0x120")],
    "PrecheckFailed": [condition("mended", "PrecheckPassed", "False", "1x15 0x120")],
    "WhitelistBlocked": [condition("mended", "WhitelistReady", "False", "1x15 0x120")],
    "TrackerNotScraped": [],
}


def samples(values):
    """As promtool reads them: "1 0x2" is 1 0 0 0."""
    for word in values.split():
        value, _, more = word.partition("x")
        yield from [value] * (1 + int(more or 0))


def of_pods(one):
    """An operator's series, in turn by pods that are scraped for 7 minutes each and follow each other after 2."""
    if not one["series"].startswith("rowtide_operator_"):
        return [one]
    said = list(samples(one["values"]))
    turns = []
    for begin in range(0, len(said), 9):
        labels = f'pod="operator-{begin}", instance="10.0.0.{begin}:8080", '
        words = [*(["_"] * begin), *said[begin : begin + 7], "stale"]
        turns.append({"series": one["series"].replace("{", "{" + labels), "values": " ".join(words)})
    return turns


def filled(text, labels, value):
    for key, label in labels.items():
        text = text.replace("{{ $labels.%s }}" % key, label)
    return re.sub(r"\{\{ \$value[^}]*\}\}", value, text)


def promtool(*arguments):
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)


def firing(rule, case):
    return {
        "exp_labels": {**case.labels, **rule["labels"]},
        "exp_annotations": {key: filled(text, case.labels, case.value) for key, text in rule["annotations"].items()},
    }


def run_case(name, rule, case):
    fired = firing(rule, case)
    # OperatorDown is the one that fires where there is nothing.
    is_absence = rule["expr"].startswith("absent(")
    quiet = case.bad if is_absence else case.quiet
    tests = [
        {
            "interval": "1m",
            "input_series": case.bad + case.quiet,
            "alert_rule_test": [
                {"eval_time": case.before, "alertname": name, "exp_alerts": []},
                {"eval_time": case.at, "alertname": name, "exp_alerts": [fired]},
            ],
        },
        {
            "interval": "1m",
            "input_series": quiet,
            "alert_rule_test": [
                {"eval_time": at, "alertname": name, "exp_alerts": []} for at in (case.before, "10m" if is_absence else case.at)
            ],
        },
    ]
    return run_tests(tests)


def run_over_pods(name, rule, case, mended):
    """It goes on where a pod of the operator follows another, and in the gap between the two (26)."""
    tests = [
        {
            "interval": "1m",
            "input_series": [turn for one in case.bad + case.quiet + mended for turn in of_pods(one)],
            "alert_rule_test": [{"eval_time": at, "alertname": name, "exp_alerts": [firing(rule, case)]} for at in ("19m", "26m", "38m")],
        }
    ]
    return run_tests(tests)


def run_tests(tests, *settings):
    with tempfile.TemporaryDirectory() as folder:
        rule_file, test_file = pathlib.Path(folder, "rules.yaml"), pathlib.Path(folder, "test.yaml")
        rule_file.write_text(yaml.safe_dump(rules(HELM, *settings)), encoding="utf-8")
        test_file.write_text(yaml.safe_dump({"rule_files": [str(rule_file)], "tests": tests}), encoding="utf-8")
        return promtool("test", "rules", str(test_file))


class Alerts(unittest.TestCase):
    """One test for each line of ALERTS, and what holds for all."""

    @classmethod
    def setUpClass(cls):
        cls.rules = {rule["alert"]: rule for group in rules(HELM)["groups"] for rule in group["rules"]}

    def test_promtool_accepts_the_rules(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump(rules(HELM), file)
            file.flush()
            result = promtool("check", "rules", file.name)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_every_alert_has_a_case(self):
        self.assertEqual(sorted(self.rules), sorted({PREFIX + name.split()[0] for name in ALERTS}))

    def test_every_alert_is_made_to_fire_by_a_fault(self):
        faults = [*dashboards_test.FAULTS, *operator_alerts_test.FAULTS]
        self.assertEqual(sorted(self.rules), sorted(PREFIX + name for name in faults))

    def test_every_alert_says_what_it_should(self):
        for name, rule in self.rules.items():
            self.assertIn(rule["labels"]["severity"], ("critical", "warning"), name)
            self.assertEqual(sorted(rule["annotations"]), ["description", "runbook_url", "summary"], name)

    def test_every_alert_has_its_runbook_and_its_line_in_the_documents(self):
        runbooks = {path.stem for path in (ROOT / "docs" / "runbooks").glob("*.md")} - {"README"}
        self.assertEqual(runbooks, set(self.rules))
        text = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
        for name, rule in self.rules.items():
            self.assertEqual(rule["annotations"]["runbook_url"], f"docs/runbooks/{name}.md")
            self.assertIn(f"| [{name}](runbooks/{name}.md) | {rule['labels']['severity']} |", text)

    def test_what_the_operator_says_of_tasks_goes_on_with_its_next_pod(self):
        for name, mended in OVER_PODS.items():
            with self.subTest(name):
                result = run_over_pods(PREFIX + name, self.rules[PREFIX + name], ALERTS[name], mended)
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_of_tasks_and_trackers_it_is_those_of_the_release_s_namespaces(self):
        of_others = {rule["alert"] for group in rules(HELM)["groups"] if group["name"] == "rowtide-operator" for rule in group["rules"]}
        for namespaces, is_its_own in (("shop,bank", True), ("bank,shopping", False)):
            tests = []
            for name, case in ALERTS.items():
                alert = PREFIX + name.split()[0]
                if alert not in of_others:
                    expected = [firing(self.rules[alert], case)] if is_its_own else []
                    checked = [{"eval_time": case.at, "alertname": alert, "exp_alerts": expected}]
                    tests.append({"interval": "1m", "input_series": case.bad, "alert_rule_test": checked})
            self.assertGreater(len(tests), 10)
            with self.subTest(namespaces):
                result = run_tests(tests, f"watch.namespaces={{{namespaces}}}")
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_every_series_of_tasks_and_trackers_is_asked_for_by_the_release_s_namespaces(self):
        for group in rules(HELM, "watch.namespaces={shop,bank}")["groups"]:
            for rule in group["rules"]:
                for metric, selector in re.findall(r"\browtide_((?:tracker|operator_task)_\w+)(\{[^}]*\})?", rule["expr"]):
                    with self.subTest(rule["alert"], metric=metric):
                        self.assertIn('namespace=~"shop|bank"', selector)

    def test_each_alert_of_what_the_operator_says_of_tasks_is_tried_over_pods(self):
        of_tasks = {name for name, rule in self.rules.items() if "rowtide_operator_task_" in rule["expr"]}
        self.assertEqual(of_tasks, {PREFIX + name for name in OVER_PODS})


def case_test(name, case):
    alert_name = PREFIX + name.split()[0]

    def test(self):
        result = run_case(alert_name, self.rules[alert_name], case)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    return test


for alert, alert_case in ALERTS.items():
    setattr(Alerts, f"test_{alert.replace(' ', '_')}_fires_and_does_not", case_test(alert, alert_case))

if __name__ == "__main__":
    HELM = sys.argv[1]
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    outcome = unittest.TextTestRunner(stream=sys.stderr, verbosity=0).run(suite)
    failed = len(outcome.failures) + len(outcome.errors)
    print(outcome.testsRun - failed, failed)
