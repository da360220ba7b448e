"""The panels of what the cluster says of pods, on the real cluster: `dashboards_test.py HELM KUBE_STATE_METRICS` prints "PASSED FAILED".

A real Prometheus scrapes trackers as the chart's PodMonitors say, kube-state-metrics, and the kubelet: one by its cAdvisor, another by its
summary of resources. The queries of Restarts, CPU and Memory must find the pods of the chosen tasks and nobody else's, with the limits
that stand in the pods; a tracker that was ended must be seen to restart. What tests/monitoring/cluster.prom plays must be
what the cluster really says. Needs cluster and operator: $KUBECONFIG and $ROWTIDE_TEST_ADDRESS, as scripts/test.sh sets them.
"""

import base64
import functools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "monitoring"))
from chart import OF_KUBERNETES, dashboards, panels, rendered, replaced  # noqa: E402
from live_system import PASSWORD, PrometheusProcess, Recorded, Server, free_port  # noqa: E402

HELM = KUBE_STATE_METRICS = ""
ADDRESS = os.environ["ROWTIDE_TEST_ADDRESS"]
SPACE = "e2e-dashboards"
OPERATORS = "rowtide-system"
DEADLINE = 120
A_FEW_SCRAPES = 20  # seconds
KUBELET = {"cAdvisor": "cadvisor", "summary of resources": "resource"}
# A task with a tracker of its own, and one whose tracker is in the pod of an application; their containers, and where to end them.
TASKS = {"orders": "tracker", "cache": "rowtide-tracker"}
# The kubelets' numbers are some ten seconds apart.
VARIABLES = {"namespace": SPACE, "instance": ".+", "operator_namespace": OPERATORS, "__rate_interval": "1m"}


def kubectl(*arguments, given=None):
    command = ["kubectl", "-n", SPACE, *arguments]
    return subprocess.run(command, input=given, stdout=subprocess.PIPE, text=True, check=True, timeout=DEADLINE).stdout


def wait(what, condition, end=None):
    end = end or time.monotonic() + DEADLINE
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {DEADLINE} s in vain: {what}")
        time.sleep(0.5)
    return found


def a_task(name, mysql, sink):
    source = {"type": "MySQL", "host": ADDRESS, "port": int(mysql["PORT"]), "credentialsSecretRef": {"name": "source"}}
    return {
        "apiVersion": "rowtide.dev/v1alpha1",
        "kind": "ChangeTrackingTask",
        "metadata": {"name": name},
        "spec": {"source": source, "objects": {"include": [{"database": "shop"}]}, "sink": sink},
    }


def a_pod(name, image, annotations):
    """An application's, which does nothing."""
    container = {"name": name, "image": image, "imagePullPolicy": "Never", "command": ["sleep", "infinity"]}
    container["resources"] = {"limits": {"memory": "64Mi"}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 5},
    }


class KubeStateMetrics:
    def __init__(self, folder):
        self.port = free_port()
        here = ["--host=127.0.0.1", f"--port={self.port}", "--telemetry-host=127.0.0.1", f"--telemetry-port={free_port()}"]
        command = [KUBE_STATE_METRICS, f"--kubeconfig={os.environ['KUBECONFIG']}", "--resources=pods", *here]
        with open(folder / "kube-state-metrics.log", "wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)


def scrape_of_kubelet(path, folder):
    """Through the API server, as who may do everything."""
    config = yaml.safe_load(pathlib.Path(os.environ["KUBECONFIG"]).read_text(encoding="utf-8"))
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    parts = {"ca": cluster["certificate-authority-data"], "cert": user["client-certificate-data"], "key": user["client-key-data"]}
    for name, text in parts.items():
        (folder / name).write_bytes(base64.b64decode(text))
    (node,) = json.loads(kubectl("get", "nodes", "-o", "json"))["items"]
    return {
        "job_name": "kubelet",
        "honor_labels": True,
        "scheme": "https",
        "metrics_path": f"/api/v1/nodes/{node['metadata']['name']}/proxy/metrics/{path}",
        "tls_config": {"ca_file": str(folder / "ca"), "cert_file": str(folder / "cert"), "key_file": str(folder / "key")},
        "static_configs": [{"targets": [cluster["server"].removeprefix("https://")]}],
    }


class Live:
    """Everything that runs, begun and ended once."""

    def __init__(self):
        self.parts = []
        self.folder = tempfile.TemporaryDirectory(prefix="dash")

    def begin(self, part):
        self.parts.append(part)
        return part

    def start(self):
        folder = pathlib.Path(self.folder.name)
        mysql = self.begin(Server("mysql", folder, bind=ADDRESS)).facts
        kafka = self.begin(Server("kafka", folder, bind=ADDRESS)).facts
        user = f"CREATE USER rowtide@'%' IDENTIFIED WITH mysql_native_password BY '{PASSWORD}'; CREATE DATABASE shop;"
        user += "GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO rowtide@'%';"
        subprocess.run(["mariadb", "--no-defaults", "-uroot", "-S", mysql["SOCKET"]], input=user, text=True, check=True)
        self.start_pods(mysql, kafka)
        kube_state = self.begin(KubeStateMetrics(folder))
        self.prometheus = {}
        for name, path in KUBELET.items():
            mine = folder / path
            mine.mkdir()
            self.prometheus[name] = self.begin(PrometheusProcess(self.configuration(path, kube_state, mine), mine))
        for one in self.prometheus.values():
            wait("Prometheus answers", one.answers)
        self.end_of_panels = time.monotonic() + DEADLINE

    def wait_for_panel(self, what, condition):
        """All share the most of their time, so that one fault of many panels costs it once; later ones have a few scrapes left."""
        wait(what, condition, max(self.end_of_panels, time.monotonic() + A_FEW_SCRAPES))

    def start_pods(self, mysql, kafka):
        kubectl("create", "namespace", SPACE)
        kubectl("label", "namespace", SPACE, "rowtide.dev/injection=enabled")
        kubectl("create", "secret", "generic", "source", "--from-env-file=/dev/stdin", given=f"username=rowtide\npassword={PASSWORD}\n")
        broker = {"kafka": {"bootstrapServers": [f"{kafka['HOST']}:{kafka['PORT']}"]}}
        (operator,) = json.loads(kubectl("-n", OPERATORS, "get", "deployments", "-o", "json"))["items"]
        image = operator["spec"]["template"]["spec"]["containers"][0]["image"]
        tasks = [a_task("orders", mysql, broker), a_task("cache", mysql, {"stream": {}})]
        kubectl("apply", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": tasks}))
        kubectl("wait", "--for=condition=PrecheckPassed", "ctt/cache", f"--timeout={DEADLINE - 10}s")
        web, mail = a_pod("web", image, {"rowtide.dev/inject": "cache"}), a_pod("mail", image, {})
        kubectl("apply", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": [web, mail]}))
        kubectl("wait", "--for=condition=Ready", "pod/web", "pod/mail", "ctt/orders", f"--timeout={DEADLINE - 10}s")
        chosen = ("get", "pods", "-l", "app.kubernetes.io/component=tracker", "-o", "json")
        (tracker,) = json.loads(kubectl(*chosen))["items"]
        self.pods = {"orders": tracker, "cache": json.loads(kubectl("get", "pod", "web", "-o", "json"))}

    def configuration(self, path, kube_state, folder):
        monitors = [endpoint for one in rendered(HELM)["PodMonitor"] for endpoint in one["spec"]["podMetricsEndpoints"]]
        targets = []
        for task, pod in self.pods.items():
            labels = {"namespace": SPACE, "pod": self.name_of(task), "container": TASKS[task]}
            targets.append({"targets": [f"{pod['status']['podIP']}:{self.port_of(task, monitors)}"], "labels": labels})
        states = {"targets": [f"127.0.0.1:{kube_state.port}"]}
        return {
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [
                {"job_name": "trackers", "honor_labels": all(one["honorLabels"] for one in monitors), "static_configs": targets},
                {"job_name": "kube-state-metrics", "honor_labels": True, "static_configs": [states]},
                scrape_of_kubelet(path, folder),
            ],
        }

    def name_of(self, task):
        return self.pods[task]["metadata"]["name"]

    def container_of(self, task):
        spec = self.pods[task]["spec"]
        (found,) = (one for one in spec["containers"] + spec.get("initContainers", []) if one["name"] == TASKS[task])
        return found

    def port_of(self, task, monitors):
        """The one that a PodMonitor asks for."""
        wanted = {one["port"] for one in monitors}
        (port,) = (one["containerPort"] for one in self.container_of(task)["ports"] if one["name"] in wanted)
        return port

    def stop(self):
        subprocess.run(["kubectl", "delete", "namespace", SPACE, "--ignore-not-found", "--timeout=90s"], stdout=sys.stderr, check=False)
        while self.parts:
            self.parts.pop().stop()
        self.folder.cleanup()


LIVE = Live()


def setUpModule():
    unittest.addModuleCleanup(LIVE.stop)
    LIVE.start()


def operators():
    pods = json.loads(kubectl("-n", OPERATORS, "get", "pods", "-l", "app.kubernetes.io/name=rowtide-operator", "-o", "json"))["items"]
    return {one["metadata"]["name"] for one in pods if "deletionTimestamp" not in one["metadata"]}


def values(prometheus, expression, tasks):
    """Pod -> number, of a panel's query."""
    query = replaced(expression, {**VARIABLES, "task": "|".join(tasks)})
    return {one["metric"]["pod"]: float(one["value"][1]) for one in prometheus.get("query", query=query)["result"]}


class Panels(unittest.TestCase):
    @staticmethod
    def each():
        """(what it is, board, title, the pods' numbers of some tasks): each query for what the cluster says."""
        for endpoint, prometheus in LIVE.prometheus.items():
            for board, dashboard in dashboards(HELM).items():
                for panel in panels(dashboard):
                    for target in panel["targets"]:
                        if OF_KUBERNETES.search(target["expr"]):
                            what = f"{board}: {panel['title']} with the kubelet's {endpoint}: {target['expr']}"
                            yield what, board, panel["title"], functools.partial(values, prometheus, target["expr"])

    def test_they_find_the_pods_of_the_chosen_and_nobody_else_s(self):
        count = 0
        for what, board, _, numbers in self.each():
            count += 1
            for tasks in [(*TASKS,)] if board == "operator" else [(*TASKS,), ("orders",), ("cache",)]:
                wanted = operators() if board == "operator" else {LIVE.name_of(one) for one in tasks}
                LIVE.wait_for_panel(f"{what} of {tasks} is of {wanted}", lambda: set(numbers(tasks)) == wanted)
        self.assertEqual(count, 3 * 4 * len(KUBELET), "Restarts, CPU, Memory and its limit, on three dashboards")

    def test_cpu_and_memory_are_more_than_nothing(self):
        for what, _, title, numbers in self.each():
            if title in ("CPU", "Memory"):
                LIVE.wait_for_panel(f"{what} is more than 0", lambda: min(numbers(TASKS).values(), default=0) > 0)

    def test_limits_are_those_of_the_trackers_containers(self):
        wanted = {LIVE.name_of(one): LIVE.container_of(one)["resources"]["limits"]["memory"] for one in TASKS}
        self.assertTrue(all(one.endswith("Mi") for one in wanted.values()), wanted)
        wanted = {pod: float(text.removesuffix("Mi")) * 2**20 for pod, text in wanted.items()}
        for what, board, _, numbers in self.each():
            if "_limits{" in what and board != "operator":
                LIVE.wait_for_panel(f"{what} says {wanted}", lambda: numbers(TASKS) == wanted)

    def test_z_a_tracker_that_was_ended_is_seen_to_restart(self):
        """Last: the others see them run."""
        trackers = {LIVE.name_of(one) for one in TASKS}
        restarts = [(what, numbers) for what, board, title, numbers in self.each() if title == "Restarts" and board != "operator"]
        for what, numbers in restarts:
            LIVE.wait_for_panel(f"{what} is 0", lambda: numbers(TASKS) == dict.fromkeys(trackers, 0.0))
        for task, container in TASKS.items():
            kubectl("exec", LIVE.name_of(task), "-c", container, "--", "bash", "-c", "kill -TERM 1")
        for what, numbers in restarts:
            wait(f"{what} has grown", lambda: set(now := numbers(TASKS)) == trackers and min(now.values()) >= 1)


class Played(unittest.TestCase):
    def test_cluster_prom_has_the_labels_that_the_cluster_says(self):
        """Series by series, all labels: a query that asks for another one finds nothing in either."""
        for line in Recorded.CLUSTER.read_text(encoding="utf-8").splitlines():
            if line.startswith("#"):
                continue
            metric, labels = re.match(r"(\w+)\{(.*)\}", line).groups()
            played = set(re.findall(r'(\w+)="', labels))
            with self.subTest(line):
                LIVE.wait_for_panel(f"{metric} with the labels {played}", lambda m=metric, p=played: p in self.of_the_cluster(m))

    @staticmethod
    def of_the_cluster(metric):
        found = []
        for prometheus in LIVE.prometheus.values():
            for series in prometheus.get("series", **{"match[]": f'{metric}{{namespace="{SPACE}"}}'}):
                found.append({name for name, value in series.items() if value} - {"__name__", "job", "instance"})
        return found


def main():
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    outcome = unittest.TextTestRunner(stream=sys.stderr, verbosity=0).run(suite)
    failed = len(outcome.failures) + len(outcome.errors)
    print(outcome.testsRun - failed, failed)


if __name__ == "__main__":
    HELM, KUBE_STATE_METRICS = sys.argv[1:3]
    main()
