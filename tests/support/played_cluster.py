"""Around a real kube-apiserver, what a cluster would do for a task: Job controller, Deployment controller, kubelet, trackers."""

import concurrent.futures
import http.client
import json
import random
import selectors
import socket
import threading
import time
import urllib.parse

import yaml

from api_server import CRD, NAMESPACE, PODS, ROOT, TASKS, wait_for

JOBS = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
PASSED = ({"name": "SourceReachable", "result": "Passed"},)


def install(api):
    """The tasks' namespace and the CRDs; done when the server takes tasks."""
    api.call("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    for definition in sorted((ROOT / "crds").glob("*.yaml")):
        api.call("POST", CRD, yaml.safe_load(definition.read_text(encoding="utf-8")))
    wait_for("the CRD is served", lambda: api.call("GET", TASKS) is not None)


class Connections:
    """One kept-alive connection a thread."""

    def __init__(self, api):
        self.api, self.local = api, threading.local()
        self.host = urllib.parse.urlparse(api.url).netloc

    def call(self, method, path, body=None):
        return json.loads(self.send(method, path, body))

    def send(self, method, path, body=None):
        """As call(), the answer as it came."""
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
        return data

    def watch(self, path):
        """The events of all objects, from the beginning."""
        connection = http.client.HTTPSConnection(self.host, context=self.api.trust)
        connection.request("GET", path + "?watch=1", headers={"Authorization": "Bearer rowtide-test-token"})
        for line in connection.getresponse():
            event = json.loads(line)
            yield event["type"], event["object"]


class Trackers:
    """An address of loopback a task; each answers GET /status as a tracker that streams and has nothing to do, and GET /metrics with
    what alerts look for; not while `has_metrics` is false."""

    def __init__(self):
        self.selector, self.lock = selectors.DefaultSelector(), threading.Lock()
        self.addresses, self.has_metrics = {}, True
        self.network, self.held = self.free_network()
        threading.Thread(target=self.serve, daemon=True).start()

    @staticmethod
    def free_network():
        """The port is always 8080: tests that run at once need networks of their own. Whoever holds its last address has it."""
        for number in range(77, 250):
            try:
                return f"127.{number}", socket.create_server((f"127.{number}.255.254", 8080))
            except OSError:
                pass
        raise AssertionError("every network of loopback is in use")

    def address(self, uid, name):
        with self.lock:
            if uid in self.addresses:
                return self.addresses[uid]
            number = len(self.addresses) + 1
            address = self.addresses[uid] = f"{self.network}.{number // 250}.{number % 250 + 1}"
        listener = socket.create_server((address, 8080), backlog=16)
        status = json.dumps({"task": f"{NAMESPACE}/{name}", "taskUid": uid, "state": "Streaming", "serverId": number, "lagSeconds": 0,
                             "position": {"gtidSet": "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-77", "file": "binlog.000003", "offset": 4},
                             "topics": [f"{NAMESPACE}.{name}"]})
        metrics = f'rowtide_tracker_info{{namespace="{NAMESPACE}",task="{name}"}} 1\n'
        self.selector.register(listener, selectors.EVENT_READ, (status, metrics))
        return address

    def answer(self, request, status, metrics):
        is_scrape = request.startswith(b"GET /metrics")
        code = "503 Service Unavailable" if is_scrape and not self.has_metrics else "200 OK"
        body = metrics if is_scrape else status
        return f"HTTP/1.1 {code}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()

    def serve(self):
        while True:
            for key, _ in self.selector.select(0.2):
                connection, _ = key.fileobj.accept()
                connection.settimeout(2)
                with connection:
                    try:
                        connection.sendall(self.answer(connection.recv(4096), *key.data))
                    except OSError:
                        pass


class Cluster:
    """The Job controller, the Deployment controller and the kubelet, as far as a task needs them. A precheck passes, unless the items
    that it reports stand under its task's name in `items`."""

    def __init__(self, connections, trackers):
        self.connections, self.trackers = connections, trackers
        self.items = {}
        self.pool = concurrent.futures.ThreadPoolExecutor(8)
        self.done, self.errors, self.ended = set(), [], False
        for path, play in ((JOBS, self.precheck), (DEPLOYMENTS, self.roll_out)):
            threading.Thread(target=self.follow, args=(path, play), daemon=True).start()

    def follow(self, path, play):
        try:
            for happened, found in self.connections.watch(path):
                key = (found["metadata"]["uid"], found["metadata"].get("generation"))
                if happened not in ("ADDED", "MODIFIED") or key in self.done:
                    continue
                self.done.add(key)
                self.pool.submit(self.checked, play, found)
        except (OSError, http.client.HTTPException, ValueError, AttributeError):
            if not self.ended:  # the server's end is the test's
                raise

    def checked(self, play, found):
        try:
            play(found)
        except Exception as error:  # shown at the end
            self.errors.append(f"{play.__name__} {found['metadata']['name']}: {error}")

    def make_pod(self, name, template, owner, status):
        pod = {"metadata": {**template["metadata"], "name": name, "ownerReferences": [{**owner, "controller": True}]},
               "spec": template["spec"]}
        self.connections.call("POST", PODS, pod)
        self.connections.call("PATCH", f"{PODS}/{name}/status", {"status": status})

    @staticmethod
    def container(name, state, ready):
        return {"name": name, "state": state, "ready": ready, "image": "none", "imageID": "none", "restartCount": 0, "lastState": {}}

    def precheck(self, job):
        name = job["metadata"]["name"]
        task = name.removesuffix("-precheck")
        report = {"task": f"{NAMESPACE}/{task}", "clientAddress": "10.0.0.9", "completedAtMs": 1,
                  "documentHash": job["metadata"]["annotations"]["rowtide.dev/precheck-hash"],
                  "items": self.items.get(task, PASSED)}
        end = {"terminated": {"exitCode": 0, "message": json.dumps(report)}}
        self.make_pod(f"{name}-{random.randrange(10**9)}", job["spec"]["template"],
                      {"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": job["metadata"]["uid"]},
                      {"phase": "Succeeded", "containerStatuses": [self.container("precheck", end, False)]})
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        conditions = [{"type": kind, "status": "True", "lastTransitionTime": now, "lastProbeTime": now}
                      for kind in ("SuccessCriteriaMet", "Complete")]
        self.connections.call("PATCH", f"{JOBS}/{name}/status", {"status": {
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
        self.connections.call("PATCH", f"{DEPLOYMENTS}/{name}/status", {"status": {
            "observedGeneration": deployment["metadata"]["generation"], "replicas": 1, "updatedReplicas": 1}})
