"""Alerts and panels of the operator and of what it says of tasks: `operator_alerts_test.py HELM OPERATOR KUBERNETES_BIN` prints "PASSED FAILED".

A real operator, with the chart's own permissions, at a real kube-apiserver behind a proxy; controllers, kubelet and trackers are
played; a real Prometheus scrapes. A fault is made and its alert must fire, what its runbook has people type must tell of the fault, and
when it is mended as the runbook says the alert must clear. Before, each panel's queries for the operator's metrics must return numbers.
"""

import dataclasses
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import threading
import time
import typing
import unittest

import yaml

from chart import CHART, ROOT, dashboards, number_of_series, panels, rendered, replaced
from live_system import Prometheus

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from api_server import NAMESPACE, PODS, TASKS, ApiServer, a_task, wait_for  # noqa: E402
from operator_process import OperatorProcess  # noqa: E402
from played_cluster import PASSED, Cluster, Connections, Trackers, install  # noqa: E402
from tcp_proxy import TcpProxy  # noqa: E402

HELM = OPERATOR = KUBERNETES_BIN = ""
WEBHOOK = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
# Alert -> what of its expression is other here: windows and thresholds of minutes would have to be waited for.
HASTEN = {
    "RowtideOperatorReconcileErrors": [("[15m]", "[10s]")],
    "RowtideOperatorQueueStuck": [("[2m]", "[2s]"), ("> 30", "> 3")],
    "RowtideOperatorWatchRestarts": [("[30m]", "[10s]"), ("> 10", "> 2")],
}
OF_THE_OPERATOR = re.compile(r"\b(rowtide_operator|controller_runtime|workqueue|rest_client)_\w+")
VARIABLES = {"namespace": NAMESPACE, "task": ".*", "instance": ".+", "operator_namespace": ".*", "__rate_interval": "1m"}
LOGS = "kubectl -n rowtide-system logs deploy/rowtide-operator"
# There is no kubelet and no Deployment of the operator that could answer.
NEEDS_A_NODE = ("port-forward", "rollout restart", "logs deploy/NAME-tracker", "rowtide logs", "logs POD")


class Live:
    """Everything that runs, begun and ended once."""

    def __init__(self):
        self.ends = []
        self.is_cut_enough = threading.Event()

    def start(self):
        scratch = tempfile.TemporaryDirectory(prefix="opal")
        self.ends.append(scratch.cleanup)
        folder = pathlib.Path(scratch.name)
        self.api = ApiServer(folder)
        self.ends.append(self.api.stop)
        install(self.api)
        self.connections, self.trackers = Connections(self.api), Trackers()
        self.cluster = Cluster(self.connections, self.trackers)
        self.ends.append(self.end_cluster)
        self.proxy = TcpProxy(*self.api.url.removeprefix("https://").split(":"))
        self.ends.append(self.proxy.stop)
        self.start_operator(folder)
        self.make_task("orders")
        self.wait("orders streams", lambda: self.phase("orders") == "Tracking")
        # The tracker's pod is known to Kubernetes; Prometheus would find it there.
        (address,) = self.trackers.addresses.values()
        self.prometheus = Prometheus(HELM, {"orders": f"{address}:8080"}, self.operator.port, folder, HASTEN)
        self.ends.append(self.prometheus.stop)
        self.environment = {
            "PATH": f"{ROOT / 'operator' / 'plugin'}:{KUBERNETES_BIN}:{os.environ['PATH']}",
            "KUBECONFIG": str(self.api.kubeconfig),
            "HOME": str(folder),
        }

    def start_operator(self, folder):
        chart = rendered(HELM)
        (account,) = chart["ServiceAccount"]
        self.place = account["metadata"]["namespace"]
        accounts = f"/api/v1/namespaces/{account['metadata']['namespace']}/serviceaccounts"
        self.api.call("POST", accounts, account)
        for one in chart["ClusterRole"]:
            self.api.call("POST", ROLES, one)
        for one in chart["ClusterRoleBinding"]:
            self.api.call("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", one)
        for kind, path in (("Role", "roles"), ("RoleBinding", "rolebindings")):
            for one in chart[kind]:
                place = one["metadata"]["namespace"]
                self.api.call("POST", f"/apis/rbac.authorization.k8s.io/v1/namespaces/{place}/{path}", one)
        for one in chart["MutatingWebhookConfiguration"]:
            self.api.call("POST", WEBHOOK, one)
        self.webhook_role = next(one for one in chart["ClusterRole"] if one["metadata"]["name"].endswith("-webhook"))
        self.role = next(one for one in chart["ClusterRole"] if one["metadata"]["name"] == account["metadata"]["name"])
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        token = self.api.call("POST", f"{accounts}/{account['metadata']['name']}/token", asked)["status"]["token"]
        config = yaml.safe_load(self.api.kubeconfig.read_text(encoding="utf-8"))
        config["users"][0]["user"] = {"token": token}
        config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{self.proxy.port}"
        self.kubeconfig = folder / "operator.yaml"
        self.kubeconfig.write_text(yaml.safe_dump(config), encoding="utf-8")
        self.log = folder / "operator.log"
        self.operator = None
        self.run_operator(0)
        self.ends.append(lambda: self.operator.stop())

    def run_operator(self, port):
        """As the chart runs it."""
        # Longer than requests are made to hang, which would end its lead and with it the process.
        elected = ("--leader-elect", "--leader-elect-namespace", self.place, "--leader-elect-name", "rowtide-operator",
                   "--leader-elect-lease-duration", "120", "--leader-elect-renew-deadline", "100")
        injecting = ("--inject-listen", "127.0.0.1:0", "--inject-host", "localhost", "--inject-webhook", "rowtide-operator")
        with open(self.log, "a", encoding="utf-8") as log:
            self.operator = OperatorProcess(OPERATOR, self.kubeconfig, log, *elected, *injecting, port=port)

    def end_cluster(self):
        self.cluster.ended = True

    def make_task(self, name, **spec):
        self.connections.call("POST", TASKS, a_task(name, spec))

    def change_task(self, name, spec):
        self.connections.call("PATCH", f"{TASKS}/{name}", {"spec": spec})

    def phase(self, name):
        return self.api.task(name).get("status", {}).get("phase")

    def set_tracker(self, task, state, is_ready):
        (pod,) = (one["metadata"]["name"] for one in self.api.call("GET", PODS)["items"] if one["metadata"]["name"].startswith(f"{task}-tracker-"))
        self.connections.call("PATCH", f"{PODS}/{pod}/status", {"status": {"containerStatuses": [Cluster.container("tracker", state, is_ready)]}})

    def allow(self, rules, role=None):
        self.connections.call("PATCH", f"{ROLES}/{(role or self.role)['metadata']['name']}", {"rules": rules})

    def wait(self, what, question, seconds=60):
        try:
            return wait_for(what, question, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}{self.cluster.errors}\n{self.log.read_text(encoding='utf-8')[-3000:]}") from error

    def rules(self):
        return [rule for group in self.prometheus.get("rules")["groups"] for rule in group["rules"]]

    def run(self, command, is_repair=False):
        """What a runbook has people type; of the operator's pod there is its log only. One that only shows may end with 1: `kubectl
        rowtide precheck` does where a check has failed."""
        if command == LOGS:
            return self.log.read_text(encoding="utf-8")
        result = subprocess.run(shlex.split(command), env=self.environment, capture_output=True, text=True, check=False)
        if is_repair and result.returncode:
            raise AssertionError(f"{command}: {result.returncode}: {result.stdout}{result.stderr}")
        return result.stdout + result.stderr

    def stop(self):
        while self.ends:
            self.ends.pop()()


LIVE = Live()


def setUpModule():
    unittest.addModuleCleanup(LIVE.stop)
    LIVE.start()
    LIVE.wait("Prometheus answers", LIVE.prometheus.answers)
    tracker = 'label_replace(rowtide_tracker_info, "name", "$1", "task", "(.*)")'
    seen = f'rowtide_operator_task_phase{{phase="Tracking"}} and on (namespace, name) {tracker}'
    LIVE.wait("the operator and the tracker are scraped", lambda: LIVE.prometheus.get("query", query=seen)["result"])
    LIVE.wait("every alert is evaluated", lambda: all(one["health"] == "ok" for one in LIVE.rules()))


@dataclasses.dataclass
class Fault:
    """What is done, whom the alert must name, what each command under *See it* in its runbook must tell (a regular expression; empty where
    none can here), and what is mended before the commands under *Do* are typed."""

    make: typing.Callable
    labels: dict
    told: str
    mend: typing.Callable


def nothing():
    """What is typed is the repair."""


def of(name):
    return {"namespace": NAMESPACE, "name": name}


def make_a_task_with_an_invalid_pattern():
    LIVE.make_task("invalid", objects={"include": [{"databasePattern": "shop("}]})


def correct_the_pattern():
    LIVE.change_task("invalid", {"objects": {"include": [{"databasePattern": "shop"}]}})


def make_a_task_whose_server_logs_statements():
    LIVE.cluster.items["unfit"] = (*PASSED, {
        "name": "BinlogFormat", "result": "Failed", "reason": "WrongFormat", "observed": "STATEMENT", "expected": "ROW",
        "message": "the server's format is not ROW", "repair": "SET PERSIST binlog_format = 'ROW'"})
    LIVE.make_task("unfit")


def make_a_task_whose_source_refuses_the_address():
    LIVE.cluster.items["refused"] = ({
        "name": "SourceReachable", "result": "Failed", "reason": "HostNotPrivileged",
        "message": "Host '10.0.0.9' is not allowed to connect to this MySQL server", "repair": "let 10.0.0.9 in"},)
    LIVE.make_task("refused")


def take_the_tracker_s_image_away():
    """As the kubelet says it, after a tracker that streamed."""
    LIVE.make_task("halted")
    LIVE.wait("halted streams", lambda: LIVE.phase("halted") == "Tracking")
    LIVE.set_tracker("halted", {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}, False)


def give_the_tracker_s_image():
    LIVE.set_tracker("halted", {"running": {}}, True)


def edit_a_task_wrongly():
    LIVE.make_task("edited")
    LIVE.wait("edited streams", lambda: LIVE.phase("edited") == "Tracking")
    LIVE.change_task("edited", {"objects": {"include": [{"databasePattern": "shop("}]}})


def correct_the_edit():
    LIVE.change_task("edited", {"objects": {"include": [{"databasePattern": "shop"}]}})


def forget_the_tracker():
    LIVE.trackers.has_metrics = False


def let_the_tracker_be_scraped():
    LIVE.trackers.has_metrics = True


def take_the_right_to_write():
    reads = [{**one, "verbs": [verb for verb in one["verbs"] if verb in ("get", "list", "watch")]} for one in LIVE.role["rules"]]
    LIVE.allow([one for one in reads if one["verbs"]])
    for number in range(8):
        LIVE.make_task(f"forbidden-{number}")


def give_the_chart_s_rights():
    LIVE.allow(LIVE.role["rules"])


def take_the_webhook_s_bundle_and_the_right_to_write_it():
    LIVE.allow([{**one, "verbs": ["get"]} for one in LIVE.webhook_role["rules"]], LIVE.webhook_role)
    path = f"{WEBHOOK}/rowtide-operator"

    def take():
        webhooks = LIVE.connections.call("GET", path)["webhooks"]
        for one in webhooks:
            one["clientConfig"].pop("caBundle", None)
        LIVE.connections.call("PATCH", path, {"webhooks": webhooks})
        return LIVE.operator.metrics()["rowtide_operator_webhook_trusted"] == "0"

    LIVE.wait("the operator knows that its certificate is not trusted", take)


def give_the_right_to_write_the_bundle():
    LIVE.allow(LIVE.webhook_role["rules"], LIVE.webhook_role)


def let_requests_hang():
    LIVE.proxy.requests_pass.clear()
    LIVE.make_task("stuck")


def let_requests_pass():
    assert LIVE.operator.process.poll() is None, "the operator has ended"
    LIVE.proxy.requests_pass.set()


def cut_connections_again_and_again():
    def cut():
        while not LIVE.is_cut_enough.wait(0.05):
            LIVE.proxy.cut()

    threading.Thread(target=cut, daemon=True).start()


def leave_connections_alone():
    LIVE.is_cut_enough.set()


def let_another_hold_the_lease():
    """Somebody who does not renew it, and has written that it is valid for an hour."""
    LIVE.operator.stop()
    lease = f"/apis/coordination.k8s.io/v1/namespaces/{LIVE.place}/leases/rowtide-operator"
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())
    LIVE.api.call("PATCH", lease, {"spec": {"holderIdentity": "somebody", "leaseDurationSeconds": 3600, "renewTime": now}})
    LIVE.run_operator(LIVE.operator.port)
    LIVE.wait("the new one stands by", lambda: "Standing by" in LIVE.log.read_text(encoding="utf-8"))


def end_the_operator():
    LIVE.operator.stop()
    name = "rowtide-operator-0"
    pods = f"/api/v1/namespaces/{LIVE.place}/pods"
    labels = {"app.kubernetes.io/name": "rowtide-operator"}
    LIVE.api.call("POST", pods, {"metadata": {"name": name, "labels": labels}, "spec": {"containers": [{"name": "operator", "image": "none"}]}})
    ended = Cluster.container("operator", {"terminated": {"exitCode": 0, "reason": "Completed"}}, False)
    LIVE.api.call("PATCH", f"{pods}/{name}/status", {"status": {"phase": "Succeeded", "containerStatuses": [ended]}})


def start_the_operator():
    LIVE.run_operator(LIVE.operator.port)


# In this order: tasks that others have mended stream, and Prometheus does not know their trackers.
FAULTS = {
    "TrackerNotScraped": Fault(forget_the_tracker, of("orders"), "", let_the_tracker_be_scraped),
    "TaskNotReady": Fault(take_the_tracker_s_image_away, of("halted"), "cannot be pulled", give_the_tracker_s_image),
    "TaskOutdated": Fault(edit_a_task_wrongly, of("edited"), r"databasePattern.*missing \)", correct_the_edit),
    "TaskInvalid": Fault(make_a_task_with_an_invalid_pattern, of("invalid"), r"databasePattern.*missing \)", correct_the_pattern),
    "PrecheckFailed": Fault(make_a_task_whose_server_logs_statements, of("unfit"), "SET PERSIST binlog_format",
                            lambda: LIVE.cluster.items.pop("unfit")),
    "WhitelistBlocked": Fault(make_a_task_whose_source_refuses_the_address, of("refused"), r"(?s)10\.0\.0\.9.*is not allowed to connect",
                              lambda: LIVE.cluster.items.pop("refused")),
    "OperatorReconcileErrors": Fault(take_the_right_to_write, {"namespace": "rowtide-system"},
                                     r"reconcile of shop/forbidden-\d failed.*HTTP 403", give_the_chart_s_rights),
    "OperatorWebhookUntrusted": Fault(take_the_webhook_s_bundle_and_the_right_to_write_it, {}, r"cannot patch resource|kind: MutatingWebhookConfiguration",
                                      give_the_right_to_write_the_bundle),
    "OperatorQueueStuck": Fault(let_requests_hang, {"namespace": "rowtide-system"}, "", let_requests_pass),
    "OperatorWatchRestarts": Fault(cut_connections_again_and_again, {"namespace": "rowtide-system"},
                                   r"Watch of \w+ restarts \(error", leave_connections_alone),
    "OperatorNotLeading": Fault(let_another_hold_the_lease, {"namespace": "rowtide-system"},
                                r"somebody holds Lease|holderIdentity: somebody", nothing),
    "OperatorDown": Fault(end_the_operator, {"severity": "critical"}, r"0/1 +Completed|Stopping", start_the_operator),
}


def panel_test(name, panel):
    def test(self):
        queries = [replaced(one["expr"], VARIABLES) for one in panel["targets"]]

        def missing():
            return [one for one in queries if not number_of_series(LIVE.prometheus.get("query", query=one))]

        LIVE.wait(f"{name}: every query returns numbers: {queries}", lambda: not missing())

    return test


def add_panel_tests():
    for name, dashboard in dashboards(HELM).items():
        for panel in panels(dashboard):
            if any(OF_THE_OPERATOR.search(one["expr"]) for one in panel["targets"]):
                setattr(Dashboards, f"test_panel_{name}_{panel['id']:03}", panel_test(f"{name}: {panel['title']}", panel))


def commands(alert, section):
    """Those of a section of its runbook."""
    text = (ROOT / "docs" / "runbooks" / f"{alert}.md").read_text(encoding="utf-8")
    part = re.search(rf"^## {section}\n(.*?)(?=^## |\Z)", text, flags=re.M | re.S)[1]
    found = re.findall(r"`(kubectl [^`]*)`", part)
    return [one for one in found if not any(word in one for word in NEEDS_A_NODE)]


class Dashboards(unittest.TestCase):
    """Before Faults: one test for each panel of the operator's metrics."""


class Examples(unittest.TestCase):
    def test_what_a_catalogue_shows_of_the_chart_is_taken(self):
        notes = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))["annotations"]
        for one in yaml.safe_load(notes["artifacthub.io/crdsExamples"]):
            path = pathlib.Path(LIVE.environment["HOME"]) / "example.yaml"
            one["metadata"]["name"] = "shown"  # there is a task of the other name
            path.write_text(yaml.safe_dump(one), encoding="utf-8")
            LIVE.run(f"kubectl apply --server-side --dry-run=server --validate=strict -f {path}", is_repair=True)


class Faults(unittest.TestCase):
    """One test for each line of FAULTS, by number."""


def fault_test(alert, fault):
    def test(self):
        def for_it(command):
            if command != LOGS:
                command = command.replace("-n rowtide-system", f"-n {LIVE.place}")
            return command.replace("NAMESPACE", NAMESPACE).replace("NAME", fault.labels.get("name", ""))

        LIVE.wait(f"{alert} does not fire before its fault", lambda: not LIVE.prometheus.firing(alert))
        fault.make()
        (labels, *_) = LIVE.wait(f"{alert} fires", lambda: LIVE.prometheus.firing(alert))
        self.assertEqual(labels, {**labels, **fault.labels})
        for command in map(for_it, commands(alert, "See it")):
            if fault.told:
                LIVE.wait(f"{command} tells {fault.told}", lambda command=command: re.search(fault.told, LIVE.run(command)))
        fault.mend()
        for command in map(for_it, commands(alert, "Do")):
            LIVE.run(command, is_repair=True)
        LIVE.wait(f"{alert} clears", lambda: not LIVE.prometheus.firing(alert))
        print(f"  {alert:32} fires and clears: {labels}", file=sys.stderr)

    return test


def main():
    add_panel_tests()
    for number, (alert, fault) in enumerate(FAULTS.items()):
        setattr(Faults, f"test_{number:02}_{alert}", fault_test("Rowtide" + alert, fault))
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    outcome = unittest.TextTestRunner(stream=sys.stderr, verbosity=2).run(suite)
    failed = len(outcome.failures) + len(outcome.errors)
    print(outcome.testsRun - failed, failed)


if __name__ == "__main__":
    HELM, OPERATOR, KUBERNETES_BIN = sys.argv[1:4]
    main()
