"""Dashboards and alerts on a live system: `dashboards_test.py HELM TRACKER` prints "PASSED FAILED".

A real Prometheus scrapes real trackers under load, and operator and cluster as recorded (live_system.Recorded). Each
panel's queries must return numbers. How many series each returned is printed. Then faults are made: alerts must fire, the log that their runbook
names must tell of the fault, and they must clear when it is mended.
"""

import dataclasses
import operator
import pathlib
import re
import sys
import tempfile
import time
import typing
import unittest

from chart import OF_KUBERNETES, ROOT, dashboards, number_of_series, panels, replaced
from live_system import Load, NAMESPACE, PODS, Prometheus, Recorded, STREAM, Server, StreamTracker, TASKS, Tracker

HELM = TRACKER = ""
DEADLINE = 90
A_FEW_SCRAPES = 20  # seconds
WINDOW = 15  # seconds that a rate looks back; Grafana takes at least four scrapes

# Panels of metrics that kube-state-metrics and the kubelets have.
OF_THE_CLUSTER = {f"{name}: {title}" for name in ("task", "fleet", "operator") for title in ("Restarts", "CPU", "Memory")}

VARIABLES = {
    "namespace": NAMESPACE,
    "task": "|".join((*TASKS, STREAM)),
    "instance": ".+",
    "operator_namespace": ".*",
    "__rate_interval": f"{WINDOW}s",
}


class Live:
    """Everything that runs, begun and ended once."""

    def __init__(self):
        self.parts = []
        self.load_since = None
        self.folder = tempfile.TemporaryDirectory(prefix="mon")

    def begin(self, part):
        self.parts.append(part)
        return part

    def start(self):
        folder = pathlib.Path(self.folder.name)
        mysql = self.begin(Server("mysql", folder, "--binlog-expire-logs-seconds=3600"))
        kafka = self.kafka = self.begin(Server("kafka", folder))
        self.load = self.begin(Load(mysql.facts["SOCKET"]))
        self.load.prepare()
        trackers = self.trackers = {name: self.begin(Tracker(TRACKER, name, mysql.facts, kafka.facts, folder)) for name in TASKS}
        trackers[STREAM] = self.begin(StreamTracker(TRACKER, mysql.facts, folder))
        played = self.begin(Recorded(Recorded.OPERATOR))
        cluster = self.begin(Recorded(Recorded.CLUSTER))
        addresses = {name: f"127.0.0.1:{one.port}" for name, one in trackers.items()}
        self.prometheus = self.begin(Prometheus(HELM, addresses, played.port, folder, HASTEN, cluster.port))
        self.wait("Prometheus answers", self.prometheus.answers)
        self.wait_streaming()
        self.load.start()
        # A counter with a reason is there from its first reconnect on: one to be there, one to grow.
        for _ in range(2):
            self.end_streams_once_more()
        self.load_since = time.monotonic()

    def wait_streaming(self):
        self.wait("every tracker streams", lambda: self.value("sum(rowtide_tracker_source_connected)") == len(TASKS))

    def end_streams_once_more(self):
        """Returns when all have come back."""
        reconnects = "sum by (task) (rowtide_tracker_reconnects_total)"
        before = {one["metric"]["task"]: float(one["value"][1]) for one in self.prometheus.get("query", query=reconnects)["result"]}
        self.load.end_streams()

        def are_more():
            now = {one["metric"]["task"]: float(one["value"][1]) for one in self.prometheus.get("query", query=reconnects)["result"]}
            return all(now.get(task, 0) > before.get(task, 0) for task in TASKS)

        self.wait("every tracker reconnects", are_more)
        self.wait_streaming()

    def log_of(self, task):
        return self.trackers[task].log.read_text(encoding="utf-8", errors="replace")

    def wait_for_panel(self, what, condition):
        """All share the most of their time, so that one fault of many panels costs it once; later ones have a few scrapes left."""
        self.wait(what, condition, max(self.load_since + DEADLINE, time.monotonic() + A_FEW_SCRAPES))

    def value(self, query):
        result = self.prometheus.get("query", query=query)["result"]
        return float(result[0]["value"][1]) if result else -1.0

    def wait(self, what, condition, end=None):
        end = end or time.monotonic() + DEADLINE
        while not (found := condition()):
            if time.monotonic() > end:
                raise AssertionError(f"waited {DEADLINE} s in vain: {what}{'' if self.load_since else self.logs()}")
            if self.load.failure:
                raise AssertionError(self.load.failure)
            time.sleep(0.2)
        return found

    def logs(self):
        return "".join("\n" + one.log.read_text(errors="replace")[-3000:] for one in self.parts if hasattr(one, "log"))

    def stop(self):
        while self.parts:
            self.parts.pop().stop()
        self.folder.cleanup()


LIVE = Live()


def setUpModule():
    unittest.addModuleCleanup(LIVE.stop)
    LIVE.start()


class Dashboards(unittest.TestCase):
    """One test for each panel (added in main), and what holds for all."""

    def test_the_variables_find_the_tasks(self):
        """As label_values() does."""
        for name, dashboard in dashboards(HELM).items():
            for variable in dashboard["templating"]["list"]:
                if variable["type"] == "query":
                    with self.subTest(dashboard=name, variable=variable["name"]):
                        metric, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
                        found = {one.get(label) for one in LIVE.prometheus.get("series", **{"match[]": replaced(metric, VARIABLES)})}
                        tasks = {*TASKS} if name == "operator" else {*TASKS, STREAM}  # operator.prom has not the one with sink.stream
                        wanted = {"namespace": {NAMESPACE}, "task": tasks, "operator_namespace": {"rowtide-system"}}
                        self.assertEqual(found, wanted.get(variable["name"], found))
                        self.assertTrue(found - {None})

    def test_the_pods_are_those_of_the_chosen_tasks(self):
        """Also where the tracker is in a pod of an application; and nobody else's."""
        boards = dashboards(HELM)
        for name in ("task", "fleet"):
            for panel in panels(boards[name]):
                if f"{name}: {panel['title']}" not in OF_THE_CLUSTER:
                    continue
                for chosen in ((*TASKS, STREAM), TASKS, (STREAM,)):
                    for target in panel["targets"]:
                        query = replaced(target["expr"], {**VARIABLES, "task": "|".join(chosen)})
                        wanted = {PODS[one] for one in chosen}
                        LIVE.wait_for_panel(f"{query} is of {wanted}", lambda: self.pods_of(query) == wanted)

    @staticmethod
    def pods_of(query):
        return {one["metric"]["pod"] for one in LIVE.prometheus.get("query", query=query)["result"]}

    def test_of_a_tracker_in_an_application_s_pod_it_is_that_container(self):
        (panel,) = (one for one in panels(dashboards(HELM)["task"]) if one["title"] == "Memory")

        def values():
            return [LIVE.value(replaced(one["expr"], {**VARIABLES, "task": STREAM})) for one in panel["targets"]]

        LIVE.wait_for_panel("as cluster.prom says of web-0", lambda: values() == [24 * 2**20, 128 * 2**20])

    def test_a_reader_s_panels_say_what_it_does(self):
        def value(title):
            (panel,) = (one for one in panels(dashboards(HELM)["task"]) if one["title"] == title)
            return LIVE.value(replaced(panel["targets"][0]["expr"], VARIABLES))

        for title in ("Lag of readers", "Unacknowledged commits", "Connections of readers", "Changes given to readers", "Bytes given to readers"):
            LIVE.wait_for_panel(f"{title} is more than nothing", lambda: value(title) > 0)

    def test_prometheus_evaluates_every_alert(self):
        def evaluated():
            return [one for group in LIVE.prometheus.get("rules")["groups"] for one in group["rules"]]

        LIVE.wait("every alert is evaluated", lambda: all(one["health"] != "unknown" for one in evaluated()))
        self.assertEqual([one["name"] for one in evaluated() if one["health"] != "ok"], [])

    def test_the_recorded_operator_has_every_metric(self):
        """Else it was recorded of an older one: take GET /metrics of one that runs."""
        source = (ROOT / "operator" / "metrics" / "metrics.cpp").read_text(encoding="utf-8")
        names = set(re.findall(r'"((?:process|controller_runtime|workqueue|rest_client|rowtide_operator)_\w+)"', source))
        recorded = set(re.findall(r"^# TYPE (\w+)", Recorded.OPERATOR.read_text(encoding="utf-8"), flags=re.M))
        self.assertEqual(names, recorded)


def nothing():
    """What came before makes it fire, or mends it."""


def insert_a_large_row():
    LIVE.load.sql(f"INSERT INTO {TASKS[0]}.t VALUES (0, 0, REPEAT('x', 3000000));")


def lose_the_stream_again_and_again():
    for _ in range(4):
        LIVE.end_streams_once_more()


def lock_the_account():
    LIVE.load.sql("ALTER USER tracker@'%' ACCOUNT LOCK;")
    LIVE.load.end_streams()


def unlock_the_account():
    LIVE.load.sql("ALTER USER tracker@'%' ACCOUNT UNLOCK;")


def stop_the_broker():
    LIVE.kafka.stop()


def start_the_broker():
    LIVE.kafka.start()


@dataclasses.dataclass
class Fault:
    """What is done, what the tracker's log must then tell (a regular expression; empty where its runbook sends nobody there), and the
    repair: what stands under *Do* in the runbook, or what that means here."""

    make: typing.Callable
    told: str
    mend: typing.Callable


# In this order. The others are made to fire in operator_alerts_test.py.
FAULTS = {
    # The source keeps its binlog for an hour.
    "PurgeHeadroomLow": Fault(nothing, "", lambda: LIVE.load.sql(typed("RowtidePurgeHeadroomLow", "SET GLOBAL").replace("...", "2592000"))),
    "EventsSkipped": Fault(insert_a_large_row, rf"{TASKS[0]}\.t.*(?:bytes|large)", nothing),
    "TrackerReconnecting": Fault(lose_the_stream_again_and_again, "trying again in", nothing),
    "TrackerDisconnected": Fault(lock_the_account, "Account is locked", unlock_the_account),
    "SinkErrors": Fault(stop_the_broker, r"Connect to|[Bb]roker", nothing),
    "LagHigh": Fault(nothing, "", nothing),
    "CheckpointStale": Fault(nothing, r"Connect to|[Bb]roker", start_the_broker),
}
# These are mended by what mends the last one.
OF_THE_BROKER = ("SinkErrors", "LagHigh", "CheckpointStale")
# What alerts look back for, in seconds instead.
HASTEN = {
    "RowtideEventsSkipped": (("[1h]", "[20s]"), ("< 3600", "< 20")),
    "RowtideTrackerReconnecting": (("[15m]", "[20s]"),),
    "RowtideSinkErrors": (("[10m]", "[20s]"),),
}


def typed(alert, begin):
    """The command that begins so in its runbook."""
    text = (ROOT / "docs" / "runbooks" / f"{alert}.md").read_text(encoding="utf-8")
    return re.search(rf"`({begin}[^`]*)`", text)[1] + ";"


class Faults(unittest.TestCase):
    """After Dashboards: one test for each line of FAULTS, by number."""


class Form(unittest.TestCase):
    """What Grafana and people need of a dashboard, whatever it shows."""

    def each_panel(self):
        for name, dashboard in dashboards(HELM).items():
            for panel in panels(dashboard):
                yield f"{name}: {panel['title']}", panel

    def test_every_panel_has_a_text_a_unit_and_the_chosen_data_source(self):
        for name, panel in self.each_panel():
            with self.subTest(name):
                self.assertTrue(panel["title"] and panel["description"].endswith("."))
                self.assertTrue(panel["fieldConfig"]["defaults"]["unit"])
                for one in (panel, *panel["targets"]):
                    self.assertEqual(one["datasource"], {"type": "prometheus", "uid": "${datasource}"})

    def test_every_query_asks_for_the_chosen_only_and_rates_over_what_grafana_says(self):
        for name, panel in self.each_panel():
            for target in panel["targets"]:
                with self.subTest(name):
                    for selector in re.findall(r"\w+\{([^}]*)\}", target["expr"]):
                        self.assertRegex(selector, r"\$(namespace|instance|operator_namespace)\b")
                    self.assertNotRegex(target["expr"], r"rate\([^\[]*\[(?!\$__rate_interval)")
                    self.assertNotRegex(target["expr"], r"\b(?<!rate\()(?<!increase\()\w+_total\b", "a counter itself says nothing")

    def test_every_metric_stands_on_a_panel(self):
        reference = (ROOT / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
        shown = " ".join(target["expr"] for _, panel in self.each_panel() for target in panel["targets"])
        missing = [one for one in re.findall(r"^\| `(\w+)`", reference, flags=re.M) if not re.search(rf"\b{one}(_bucket)?\b", shown)]
        self.assertEqual(missing, [])

    def test_panels_have_their_own_id_and_place(self):
        for name, dashboard in dashboards(HELM).items():
            with self.subTest(name):
                ids = [one["id"] for one in dashboard["panels"]]
                self.assertEqual(len(ids), len(set(ids)))
                cells = set()
                for one in dashboard["panels"]:
                    place = one["gridPos"]
                    mine = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
                    self.assertLessEqual(place["x"] + place["w"], 24)
                    self.assertFalse(cells & mine, one["title"])
                    cells |= mine

    def test_dashboards_lead_to_each_other(self):
        boards = dashboards(HELM)
        self.assertEqual(sorted(boards), ["fleet", "operator", "task"])
        self.assertEqual(len({one["uid"] for one in boards.values()}), 3)
        for one in boards.values():
            self.assertEqual(one["tags"], ["rowtide"])
            self.assertEqual([(link["type"], link["tags"]) for link in one["links"]], [("dashboards", ["rowtide"])])
        self.assertIn(f"/d/{boards['task']['uid']}/", str(boards["fleet"]))

    def test_panels_of_others_metrics_are_listed_and_say_whose_they_are(self):
        foreign = {}
        for name, panel in self.each_panel():
            if any(OF_KUBERNETES.search(target["expr"]) for target in panel["targets"]):
                foreign[name] = panel["description"]
        self.assertEqual(set(foreign), OF_THE_CLUSTER)
        for text in foreign.values():
            self.assertRegex(text, "kube-state-metrics|cAdvisor")


def panel_test(name, panel):
    queries = [replaced(target["expr"], VARIABLES) for target in panel["targets"]]
    # A line for each task is there for each.
    least = [len(TASKS) if re.search(r"\{\{(task|name)\}\}", target["legendFormat"]) else 1 for target in panel["targets"]]

    def test(self):
        def counts():
            return [number_of_series(LIVE.prometheus.get("query", query=query)) for query in queries]

        LIVE.wait_for_panel(f"{name}: every query returns numbers: {queries}", lambda: all(map(operator.ge, counts(), least)))
        seen = counts()
        print(f"  {name:62} {' + '.join(map(str, seen))} series", file=sys.stderr)

    return test


def fault_test(name, fault):
    alert = "Rowtide" + name

    def test(self):
        if fault.make is not nothing:
            LIVE.wait(f"{alert} does not fire before its fault", lambda: not LIVE.prometheus.firing(alert))
        fault.make()
        labels = LIVE.wait(f"{alert} fires", lambda: LIVE.prometheus.firing(alert))[0]
        logs = typed(alert, "kubectl -n NAMESPACE logs deploy/NAME-tracker") if fault.told else ""
        LIVE.wait(f"{logs} tells {fault.told}", lambda: re.search(fault.told, LIVE.log_of(labels["task"])))
        fault.mend()
        for one in OF_THE_BROKER if fault.mend is start_the_broker else [name] if name not in OF_THE_BROKER else []:
            LIVE.wait(f"Rowtide{one} clears", lambda one=one: not LIVE.prometheus.firing("Rowtide" + one))
        print(f"  {alert:29} fires{'' if name in OF_THE_BROKER else ' and clears'}: {labels}", file=sys.stderr)

    return test


def main():
    for number, (alert, fault) in enumerate(FAULTS.items()):
        setattr(Faults, f"test_{number}_{alert}", fault_test(alert, fault))
    for name, dashboard in dashboards(HELM).items():
        for panel in panels(dashboard):
            setattr(Dashboards, f"test_panel_{name}_{panel['id']:03}", panel_test(f"{name}: {panel['title']}", panel))
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    outcome = unittest.TextTestRunner(stream=sys.stderr, verbosity=0).run(suite)
    failed = len(outcome.failures) + len(outcome.errors)
    print(outcome.testsRun - failed, failed)


if __name__ == "__main__":
    HELM, TRACKER = sys.argv[1:3]
    main()
