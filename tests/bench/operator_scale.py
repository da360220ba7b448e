"""Many tasks on one operator and a real kube-apiserver, without controllers and nodes: their part is played here.

`operator_scale.py OPERATOR [--tasks N] [--idle S] [--changes C] [--load S]` prints figures: how long until all are Ready, what the operator
costs while nothing happens, how long a reconcile takes under C changes a second. Its last line is "PASSED FAILED" of what must hold
whatever the machine: everything becomes Ready, and idle tasks make the operator write nothing.
"""

import argparse
import concurrent.futures
import http.client
import json
import os
import pathlib
import random
import re
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "plugin"))
from api_server import CRD, ROOT, ApiServer, wait_for  # noqa: E402

NAMESPACE = "bench"
KINDS = {
    "task": "/apis/rowtide.dev/v1alpha1/namespaces/bench/changetrackingtasks",
    "job": "/apis/batch/v1/namespaces/bench/jobs",
    "deployment": "/apis/apps/v1/namespaces/bench/deployments",
    "pod": "/api/v1/namespaces/bench/pods",
}


class Connections:
    """One kept-alive connection a thread."""

    def __init__(self, api):
        self.api, self.local = api, threading.local()
        self.host = urllib.parse.urlparse(api.url).netloc

    def call(self, method, path, body=None):
        connection = getattr(self.local, "connection", None)
        if connection is None:
            connection = self.local.connection = http.client.HTTPSConnection(self.host, context=self.api.trust, timeout=60)
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        connection.request(method, path, json.dumps(body) if body is not None else None,
                           {"Authorization": "Bearer rowtide-test-token", "Content-Type": kind})
        answer = connection.getresponse()
        data = answer.read()
        if answer.status >= 300 and answer.status not in (404, 409):
            raise AssertionError(f"{method} {path}: {answer.status} {data.decode()[:500]}")
        return json.loads(data)

    def watch(self, path):
        """The events of all objects, from the beginning."""
        connection = http.client.HTTPSConnection(self.host, context=self.api.trust)
        connection.request("GET", path + "?watch=1", headers={"Authorization": "Bearer rowtide-test-token"})
        for line in connection.getresponse():
            event = json.loads(line)
            yield event["type"], event["object"]


class Trackers:
    """An address of loopback a task; each answers GET /status as a tracker that streams and has nothing to do."""

    def __init__(self):
        self.selector, self.lock = selectors.DefaultSelector(), threading.Lock()
        self.addresses = {}
        threading.Thread(target=self.serve, daemon=True).start()

    def address(self, uid, name):
        with self.lock:
            if uid in self.addresses:
                return self.addresses[uid]
            number = len(self.addresses) + 1
            address = self.addresses[uid] = f"127.77.{number // 250}.{number % 250 + 1}"
        listener = socket.create_server((address, 8080), backlog=16)
        body = json.dumps({"task": f"{NAMESPACE}/{name}", "taskUid": uid, "state": "Streaming", "serverId": number, "lagSeconds": 0,
                           "position": {"gtidSet": "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-77", "file": "binlog.000003", "offset": 4},
                           "topics": [f"{NAMESPACE}.{name}"]})
        answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
        self.selector.register(listener, selectors.EVENT_READ, answer)
        return address

    def serve(self):
        while True:
            for key, _ in self.selector.select(0.2):
                connection, _ = key.fileobj.accept()
                connection.settimeout(2)
                with connection:
                    try:
                        connection.recv(4096)
                        connection.sendall(key.data)
                    except OSError:
                        pass


class Cluster:
    """The Job controller, the Deployment controller and the kubelet, as far as a task needs them."""

    def __init__(self, connections, trackers):
        self.connections, self.trackers = connections, trackers
        self.pool = concurrent.futures.ThreadPoolExecutor(8)
        self.done, self.errors, self.ended = set(), [], False
        for kind, play in (("job", self.precheck), ("deployment", self.roll_out)):
            threading.Thread(target=self.follow, args=(kind, play), daemon=True).start()

    def follow(self, kind, play):
        try:
            for happened, found in self.connections.watch(KINDS[kind]):
                key = (found["metadata"]["uid"], found["metadata"].get("generation"))
                if happened not in ("ADDED", "MODIFIED") or key in self.done:
                    continue
                self.done.add(key)
                self.pool.submit(self.checked, play, found)
        except (OSError, http.client.HTTPException, ValueError, AttributeError):
            if not self.ended:  # the server's end is the bench's
                raise

    def checked(self, play, found):
        try:
            play(found)
        except Exception as error:  # shown at the end
            self.errors.append(f"{play.__name__} {found['metadata']['name']}: {error}")

    def make_pod(self, name, template, owner, status):
        pod = {"metadata": {**template["metadata"], "name": name, "ownerReferences": [{**owner, "controller": True}]},
               "spec": template["spec"]}
        self.connections.call("POST", KINDS["pod"], pod)
        self.connections.call("PATCH", f"{KINDS['pod']}/{name}/status", {"status": status})

    @staticmethod
    def container(name, state, ready):
        return {"name": name, "state": state, "ready": ready, "image": "none", "imageID": "none", "restartCount": 0, "lastState": {}}

    def precheck(self, job):
        name = job["metadata"]["name"]
        report = {"task": f"{NAMESPACE}/{name.removesuffix('-precheck')}", "clientAddress": "10.0.0.9", "completedAtMs": 1,
                  "documentHash": job["metadata"]["annotations"]["rowtide.dev/precheck-hash"],
                  "items": [{"name": "SourceReachable", "result": "Passed"}]}
        end = {"terminated": {"exitCode": 0, "message": json.dumps(report)}}
        self.make_pod(f"{name}-{random.randrange(10**9)}", job["spec"]["template"],
                      {"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": job["metadata"]["uid"]},
                      {"phase": "Succeeded", "containerStatuses": [self.container("precheck", end, False)]})
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        conditions = [{"type": kind, "status": "True", "lastTransitionTime": now, "lastProbeTime": now}
                      for kind in ("SuccessCriteriaMet", "Complete")]
        self.connections.call("PATCH", f"{KINDS['job']}/{name}/status", {"status": {
            "startTime": now, "completionTime": now, "succeeded": 1, "conditions": conditions}})

    def roll_out(self, deployment):
        name = deployment["metadata"]["name"]
        template = deployment["spec"]["template"]
        template["metadata"].setdefault("labels", {})["pod-template-hash"] = "abc"
        task = deployment["metadata"]["ownerReferences"][0]
        address = self.trackers.address(task["uid"], task["name"])
        self.make_pod(f"{name}-abc-{random.randrange(10**9)}", template,
                      {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"{name}-abc", "uid": "replica-set"},
                      {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}],
                       "containerStatuses": [self.container("tracker", {"running": {}}, True)]})
        self.connections.call("PATCH", f"{KINDS['deployment']}/{name}/status", {"status": {
            "observedGeneration": deployment["metadata"]["generation"], "replicas": 1, "updatedReplicas": 1}})


class Operator:
    def __init__(self, program, kubeconfig, log):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen([program, "--kubeconfig", kubeconfig, "--tracker-image", "none", "--namespace", NAMESPACE,
                                         "--listen", f"127.0.0.1:{self.port}"], stderr=log)

    def metrics(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", "/metrics")
        return dict(re.findall(r"^(\S+) (\S+)$", connection.getresponse().read().decode(), re.MULTILINE))

    def writes(self):
        requests = (("rest_client_requests_total", count) for name, count in self.metrics().items()
                    if name.startswith("rest_client_requests_total") and 'method="GET"' not in name)
        return sum(int(float(count)) for _, count in requests)

    def reconciles(self):
        """Cumulative counts by upper bound, in seconds."""
        found = {}
        for name, count in self.metrics().items():
            match = re.match(r'controller_runtime_reconcile_time_seconds_bucket\{.*le="([^"]+)"', name)
            if match:
                found[float(match[1].replace("+Inf", "inf"))] = float(count)
        return found

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return [int(re.search(rf"^{field}:\s+(\d+)", status, re.MULTILINE)[1]) / 1024 for field in ("VmRSS", "VmHWM")]


def task(name):
    return {"apiVersion": "rowtide.dev/v1alpha1", "kind": "ChangeTrackingTask", "metadata": {"name": name},
            "spec": {"source": {"type": "MySQL", "host": "mysql", "credentialsSecretRef": {"name": "source"}},
                     "objects": {"include": [{"database": "shop"}]}, "sink": {"kafka": {"bootstrapServers": ["kafka:9092"]}}}}


def quantile(before, after, q):
    """The bound below which the part q of what came between lies."""
    counts = {bound: after[bound] - before.get(bound, 0) for bound in sorted(after)}
    total = counts[float("inf")]
    return next(bound for bound, count in counts.items() if count >= q * total), int(total)


def say(text):
    print(text, file=sys.stderr, flush=True)


def measure_idle(operator, seconds):
    def is_quiet():
        before = operator.writes()
        time.sleep(3)
        return operator.writes() == before

    wait_for("quiet after the start", is_quiet, 180)
    writes, cpu = operator.writes(), operator.cpu_seconds()
    time.sleep(seconds)
    written = operator.writes() - writes
    now, peak = operator.memory_mib()
    say(f"idle for {seconds} s: {written} writes, {(operator.cpu_seconds() - cpu) / seconds:.3f} of a core, {now:.0f} MiB (at most {peak:.0f})")
    return written == 0


def measure_load(operator, connections, names, changes, seconds):
    before, cpu, began = operator.reconciles(), operator.cpu_seconds(), time.monotonic()

    def change(number):
        time.sleep(max(0.0, began + number / changes - time.monotonic()))
        connections.call("PATCH", f"{KINDS['task']}/{random.choice(names)}", {"metadata": {"annotations": {"bench": str(number)}}})

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(change, range(changes * seconds)))
    took = time.monotonic() - began
    p50, total = quantile(before, operator.reconciles(), 0.5)
    p99, _ = quantile(before, operator.reconciles(), 0.99)
    say(f"{changes * seconds / took:.0f} changes/s for {took:.0f} s: {total} reconciles, p50 <= {p50} s, p99 <= {p99} s, "
        f"{(operator.cpu_seconds() - cpu) / took:.2f} of a core, at most {operator.memory_mib()[1]:.0f} MiB")


def run(options, folder):
    api = ApiServer(folder)
    try:
        api.call("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        api.call("POST", CRD, yaml.safe_load((ROOT / "crds" / "changetrackingtasks.yaml").read_text(encoding="utf-8")))
        wait_for("the CRD is served", lambda: api.call("GET", KINDS["task"]) is not None)
        connections = Connections(api)
        cluster = Cluster(connections, Trackers())
        with open(folder / "operator.log", "w", encoding="utf-8") as log:
            operator = Operator(options.operator, str(api.kubeconfig), log)
        names = [f"task-{number:04}" for number in range(options.tasks)]
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda name: connections.call("POST", KINDS["task"], task(name)), names))

        def ready():
            assert operator.process.poll() is None, (folder / "operator.log").read_text(encoding="utf-8")[-2000:]
            assert not cluster.errors, cluster.errors[:3]
            return sum(value == "1" for name, value in operator.metrics().items()
                       if name.startswith("rowtide_operator_task_condition") and 'type="Ready"' in name and 'status="True"' in name)

        wait_for("all tasks are Ready", lambda: ready() == options.tasks, 30 + options.tasks)
        say(f"{options.tasks} tasks Ready after {time.monotonic() - began:.1f} s")
        is_quiet = measure_idle(operator, options.idle)
        if options.load:
            measure_load(operator, connections, names, options.changes, options.load)
        cluster.ended = True
        operator.process.terminate()
        operator.process.wait(30)
        return is_quiet
    finally:
        api.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("operator")
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--idle", type=int, default=60, metavar="SECONDS")
    parser.add_argument("--changes", type=int, default=200, metavar="PER_SECOND")
    parser.add_argument("--load", type=int, default=30, metavar="SECONDS")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        is_quiet = run(options, pathlib.Path(folder))
    print("2 0" if is_quiet else "1 1")


if __name__ == "__main__":
    main()
