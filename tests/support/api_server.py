"""A real kube-apiserver with the CRD, and the parts around it that a test plays: the operator's status, pods, a kubelet's logs."""

import http.server
import json
import os
import pathlib
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAMESPACE = "shop"
TASKS = f"/apis/rowtide.dev/v1alpha1/namespaces/{NAMESPACE}/changetrackingtasks"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SERVER = str(ROOT / "scripts" / "servers" / "kube_apiserver.sh")


def wait_for(what, question, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = question()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen in {seconds} seconds")


def a_task(name, more=None):
    return {
        "apiVersion": "rowtide.dev/v1alpha1",
        "kind": "ChangeTrackingTask",
        "metadata": {"name": name},
        "spec": {
            "source": {"type": "MySQL", "host": "mysql", "credentialsSecretRef": {"name": "source"}},
            "objects": {"include": [{"database": "shop"}]},
            "sink": {"kafka": {"bootstrapServers": ["kafka:9092"]}},
            **(more or {}),
        },
    }


class ApiServer:
    def __init__(self, folder):
        self.folder = folder / "api"
        start = [SERVER, "start", "--dir", str(self.folder), "--with-pid", str(os.getpid())]
        facts = dict(word.split("=", 1) for word in subprocess.run(start, stdout=subprocess.PIPE, text=True, check=True).stdout.split())
        self.kubeconfig = pathlib.Path(facts["KUBECONFIG"])
        self.url = f"https://{facts['HOST']}:{facts['PORT']}"
        self.pki = self.kubeconfig.parent / "pki"
        self.trust = ssl.create_default_context(cafile=str(self.pki / "apiserver.crt"))

    def stop(self):
        subprocess.run([SERVER, "discard", "--dir", str(self.folder)], check=False)

    def call(self, method, path, body=None):
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        request = urllib.request.Request(self.url + path, method=method, data=json.dumps(body).encode() if body is not None else None)
        request.add_header("Authorization", "Bearer rowtide-test-token")
        request.add_header("Content-Type", kind)
        try:
            with urllib.request.urlopen(request, context=self.trust, timeout=20) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if method == "GET" and error.code == 404:
                return None
            raise AssertionError(f"{method} {path}: {error.read().decode()}") from error

    def user(self, name):
        """A kubeconfig of a user with no permissions but those that a test gives; the context is another one, without a namespace."""
        config = yaml.safe_load(self.kubeconfig.read_text(encoding="utf-8"))
        config["users"][0]["user"]["as"] = name
        path = self.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        return str(path)

    def define_tasks(self, has_reset):
        """The CRD as it is, with or without spec.resetNonce; done when the server takes it."""
        crd = yaml.safe_load((ROOT / "crds" / "changetrackingtasks.yaml").read_text(encoding="utf-8"))
        fields = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
        fields.pop("resetNonce", None)
        if has_reset:
            fields["resetNonce"] = {"type": "integer", "format": "int64", "minimum": 0, "default": 0}
        name = crd["metadata"]["name"]
        there = self.call("GET", f"{CRD}/{name}")
        if there:
            crd["metadata"]["resourceVersion"] = there["metadata"]["resourceVersion"]
        self.call("PUT" if there else "POST", f"{CRD}/{name}" if there else CRD, crd)

        def is_served():
            if not self.call("GET", TASKS):
                return False
            try:
                self.call("POST", f"{TASKS}?dryRun=All&fieldValidation=Strict", a_task("any", {"resetNonce": 1} if has_reset else {}))
            except AssertionError:
                return False
            return True

        wait_for("the CRD", is_served)

    def make_task(self, name, status=None):
        self.call("POST", TASKS, a_task(name))
        if status is not None:
            self.set_status(name, status)

    def task(self, name):
        return self.call("GET", f"{TASKS}/{name}")

    def set_status(self, name, status):
        """As the operator would: of the generation that stands there."""
        status["observedGeneration"] = self.task(name)["metadata"]["generation"]
        self.call("PATCH", f"{TASKS}/{name}/status", {"status": status})

    def make_pod(self, task, name, component="tracker", is_ready=True, phase="Running"):
        """As the ReplicaSet, the scheduler and the kubelet would."""
        self.call("POST", PODS, {
            "metadata": {"name": name, "labels": {"rowtide.dev/task": task, "app.kubernetes.io/component": component}},
            "spec": {"nodeName": "node", "terminationGracePeriodSeconds": 60, "containers": [{"name": component, "image": "rowtide"}]},
        })
        self.call("PATCH", f"{PODS}/{name}/status", {"status": {
            "phase": phase,
            "conditions": [{"type": "Ready", "status": str(is_ready)}],
            "containerStatuses": [{"name": component, "ready": is_ready, "restartCount": 3, "image": "rowtide", "imageID": "",
                                   "state": {"running": {}}}],
        }})

    def pod(self, name):
        return self.call("GET", f"{PODS}/{name}")

    def end_pod(self, name):
        """As the kubelet, when the containers have ended."""
        self.call("DELETE", f"{PODS}/{name}", {"gracePeriodSeconds": 0})


def condition(kind, status, reason, message=""):
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": "2026-03-01T10:00:00Z"}


def streaming_status():
    return {
        "phase": "Tracking",
        "conditions": [
            condition("Accepted", "True", "SpecValid", "the spec is valid"),
            condition("PrecheckPassed", "True", "ChecksPassed", "2/2 checks passed"),
            condition("TrackerAvailable", "True", "PodRunning"),
            condition("Streaming", "True", "EventsFlowing", "the binlog is read and delivered"),
            condition("Ready", "True", "Streaming", "the binlog is read and delivered"),
        ],
        "precheck": {"result": "Passed", "summary": "2/2", "completionTime": "2026-03-01T09:59:00Z", "runNonce": 0, "items": [
            {"name": "SourceReachable", "result": "Passed", "observed": "10.0.0.9"},
            {"name": "BinlogFormat", "result": "Passed", "observed": "ROW"}]},
        "progress": {"lagSeconds": 0.4, "rowsPerSecond": 1200, "sampledTime": "2026-03-01T10:01:00Z",
                     "position": {"gtidSet": "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-77", "file": "binlog.000003", "offset": 123456789012}},
        "restarts": 3,
        "topics": ["shop.orders"],
    }


def failed_status():
    message = "BinlogFormat (WrongFormat): the server's format isn't \"ROW\" Repair: SET PERSIST binlog_format = 'ROW';"
    status = streaming_status()
    status["phase"] = "PrecheckFailed"
    status["conditions"] = [
        condition("Accepted", "True", "SpecValid", "the spec is valid"),
        condition("PrecheckPassed", "False", "ChecksFailed", message),
        condition("TrackerAvailable", "False", "NotStarted"),
        condition("Streaming", "False", "NotStarted"),
        condition("Ready", "False", "ChecksFailed", message),
    ]
    status["precheck"] |= {"result": "Failed", "summary": "1/2", "items": [
        {"name": "SourceReachable", "result": "Passed", "observed": "10.0.0.9"},
        {"name": "BinlogFormat", "result": "Failed", "reason": "WrongFormat", "observed": "STATEMENT", "expected": "ROW",
         "message": "the server's format isn't \"ROW\"\nof <all> \\ sessions\x1b[31m\x9b32m\x85", "repair": "SET PERSIST binlog_format = 'ROW';"}]}
    del status["progress"], status["topics"]
    return status


class Kubelet:
    """Gives logs, which say what was asked for: no real one runs without a container engine."""

    def __init__(self, api):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(f"log of {self.path}\n".encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(api.pki / "apiserver.crt", api.pki / "apiserver.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        api.call("POST", "/api/v1/nodes", {"metadata": {"name": "node"}})
        api.call("PATCH", "/api/v1/nodes/node/status", {"status": {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": self.server.server_port}}}})
