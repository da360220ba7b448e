"""The Kubernetes part of docs/getting-started.md, command by command as it stands there, on the real cluster, timed.

`getting_started_test.py` prints "PASSED FAILED", a step a block of the page. Needs the cluster and its operator: $KUBECONFIG and
$ROWTIDE_TEST_ADDRESS, as scripts/test.sh sets them. What is put in place of the page's is what the page asks to put in: addresses.
Helm's block is e2e_chart's part: here it would replace the operator that other tests run with.
"""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
ADDRESS = os.environ["ROWTIDE_TEST_ADDRESS"]


def say(text):
    print(f"getting started: {text}", file=sys.stderr, flush=True)


def free_port():
    return int(subprocess.run([ROOT / "scripts" / "free-port.sh"], stdout=subprocess.PIPE, check=True).stdout)


def blocks():
    """(language, text) of each block of the page's parts 1 and 2."""
    page = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")
    part = page[page.index("## 1. "):page.index("## 3. ")]
    return re.findall(r"^```(\w+)\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)


class Server:
    """A server of scripts/servers on the address that pods reach."""

    def __init__(self, name, folder):
        self.command = [str(ROOT / "scripts" / "servers" / f"{name}.sh"), "--dir", str(folder / name)]
        words = self.run("start", "--bind", ADDRESS, "--with-pid", str(os.getpid()))
        self.facts = dict(word.split("=", 1) for word in words.split())
        self.port = int(self.facts["PORT"])

    def run(self, action, *more):
        command = [self.command[0], action, *self.command[1:], *more]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout

    def stop(self):
        self.run("discard")


def service(name, port, server):
    """A Service of the page's name for a server outside of the cluster."""
    kind = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"},
            "spec": {"ports": [{"name": "tcp", "port": port, "targetPort": server.port}]}}
    ends = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": f"{name}-host", "namespace": "shop", "labels": {"kubernetes.io/service-name": name}},
            "ports": [{"name": "tcp", "port": server.port}], "endpoints": [{"addresses": [ADDRESS]}]}
    for thing in (kind, ends):
        subprocess.run(["kubectl", "apply", "-f", "-"], input=json.dumps(thing), text=True, stdout=sys.stderr, check=True)


class Replay:
    def __init__(self, folder):
        self.folder = folder
        self.mysql, self.kafka = Server("mysql", folder), Server("kafka", folder)
        self.local_port = free_port()
        self.sql("CREATE DATABASE shop")
        self.background = []

    def end(self):
        for process in self.background:
            os.killpg(process.pid, signal.SIGTERM)
        subprocess.run(["kubectl", "delete", "namespace", "shop", "--ignore-not-found", "--timeout=90s"], stdout=sys.stderr, check=False)
        self.mysql.stop()
        self.kafka.stop()

    def sql(self, statements):
        client = ["mariadb", "--no-defaults", "--user=root", f"--socket={self.mysql.facts['SOCKET']}"]
        subprocess.run(client, input=statements, text=True, check=True)

    def yaml(self, text):
        (self.folder / "orders.yaml").write_text(text, encoding="utf-8")

    def sh(self, text):
        text = text.replace("kafka.shop.svc:9092", f"{ADDRESS}:{self.kafka.port}")
        text = text.replace("8080:8080", f"{self.local_port}:8080").replace("localhost:8080", f"localhost:{self.local_port}")
        if "port-forward" in text:
            return self.forward(text)
        run = subprocess.run(["bash", "-euc", text], cwd=self.folder, stdout=subprocess.PIPE, text=True, check=True, timeout=180)
        end = time.monotonic() + 60
        while text.startswith("kcat") and len(run.stdout.splitlines()) < 2 and time.monotonic() < end:  # it ends at the topic's end
            run = subprocess.run(["bash", "-euc", text], cwd=self.folder, stdout=subprocess.PIPE, text=True, check=True, timeout=60)
        if "create namespace" in text:
            service("mysql", 3306, self.mysql)
            service("kafka", 9092, self.kafka)
        return run.stdout

    def forward(self, text):
        first, *rest = text.splitlines()
        self.background.append(subprocess.Popen(["bash", "-c", "exec " + first.removesuffix("&")], cwd=self.folder,
                                                stdout=subprocess.DEVNULL, start_new_session=True))
        end = time.monotonic() + 20
        while True:  # a reader waits a moment before the next line, too
            try:
                socket.create_connection(("127.0.0.1", self.local_port), 1).close()
                break
            except OSError:
                assert time.monotonic() < end, "kubectl port-forward does not listen"
                time.sleep(0.1)
        return subprocess.run(["bash", "-euc", "\n".join(rest)], stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout


def check(text, out):
    """What the page says of a command's output."""
    if text.startswith("kcat"):
        create, row = [line.split("  ", 1) for line in out.splitlines()]
        assert "CREATE TABLE shop.greetings" in create[1], create
        assert json.loads(row[0]) == {"id": 1}, row
        value = json.loads(row[1])
        value = value.get("payload", value)
        assert value["op"] == "c" and value["after"] == {"id": 1, "text": "hello"}, value
    if "kubectl apply" in text:
        assert re.search(r"^orders +Tracking +True ", out, re.MULTILINE), out
    if "port-forward" in text:
        assert '"state":"Streaming"' in out and "rowtide_tracker_lag_seconds" in out, out


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        replay = Replay(pathlib.Path(folder))
        began = time.monotonic()
        try:
            for kind, text in blocks():
                if text.startswith("helm "):
                    continue
                out = getattr(replay, kind)(text) or ""
                check(text, out)
                passed += 1
                say(f"{time.monotonic() - began:6.1f} s  {text.strip().splitlines()[0]}")
            assert time.monotonic() - began < 600, "longer than ten minutes"
        except (AssertionError, ValueError, subprocess.SubprocessError) as error:
            failed = 1
            say(f"FAILED at\n{text}\n{error!r}")
            subprocess.run(["kubectl", "-n", "shop", "describe", "ctt,pods"], stdout=sys.stderr, check=False)
        finally:
            replay.end()
    print(passed, failed)


if __name__ == "__main__":
    main()
