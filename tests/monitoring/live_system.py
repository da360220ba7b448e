"""Real trackers under load between a real server and a real broker, and a real Prometheus that scrapes them."""

import http.server
import json
import os
import pathlib
import re
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request

import yaml

from chart import ROOT, rendered, rules

PASSWORD = "Tr4cker-pa55word"
NAMESPACE = "shop"
TASKS = ("orders", "stock")  # as in operator.prom
STREAM = "cache"  # a task with sink.stream, of the same tables as the first
PODS = {"orders": "orders-tracker-0", "stock": "stock-tracker-0", STREAM: "web-0"}  # as in cluster.prom
UNSELECTED = "elsewhere"


def free_port():
    return int(subprocess.run([ROOT / "scripts" / "free-port.sh"], stdout=subprocess.PIPE, check=True).stdout)


class Server:
    """One of scripts/servers, ended with this process whatever happens."""

    def __init__(self, name, folder, *options, bind="127.0.0.1"):
        self.bind = bind
        self.command = [str(ROOT / "scripts" / "servers" / f"{name}.sh")]
        self.folder = ["--dir", str(folder / name)]
        self.options = options
        self.start()

    def start(self):
        """Also again, on the same data and port."""
        start = [*self.command, "start", *self.folder, "--bind", self.bind, "--with-pid", str(os.getpid()), "--", *self.options]
        line = subprocess.run(start, stdout=subprocess.PIPE, text=True, check=True).stdout
        self.facts = dict(word.split("=", 1) for word in line.split())

    def stop(self):
        subprocess.run([*self.command, "stop", *self.folder], check=False)


class Load(threading.Thread):
    """Rows of all operations in every task's database and in one that nobody selects, until stop()."""

    def __init__(self, socket_path):
        super().__init__(daemon=True)
        self.client = ["mariadb", "--no-defaults", "-uroot", "-S", socket_path]
        self.stopped = threading.Event()
        self.failure = ""

    def sql(self, text):
        result = subprocess.run(self.client, input=text, text=True, capture_output=True, check=False)
        if result.returncode:
            raise RuntimeError(f"{text[:200]}: {result.stderr}")
        return result.stdout

    def prepare(self):
        self.sql(
            f"CREATE USER tracker@'%' IDENTIFIED BY '{PASSWORD}';"
            "GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO tracker@'%';"
            + "".join(f"CREATE DATABASE {one}; CREATE TABLE {one}.t (id INT PRIMARY KEY, n INT, large LONGTEXT);" for one in (*TASKS, UNSELECTED))
        )

    def run(self):
        count = 0
        try:
            while not self.stopped.is_set():
                count += 1
                self.sql(
                    "".join(
                        f"INSERT INTO {one}.t VALUES ({count}, 0, NULL); UPDATE {one}.t SET n = 1 WHERE id = {count};"
                        f"DELETE FROM {one}.t WHERE id = {count} - 5; ALTER TABLE {one}.t COMMENT '{count}';"
                        for one in (*TASKS, UNSELECTED)
                    )
                )
                self.stopped.wait(0.2)
        except RuntimeError as error:
            self.failure = str(error)

    def end_streams(self):
        """Each tracker loses its stream and opens it again."""
        ids = self.sql("SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'").split()[1:]
        for one in ids:
            try:
                self.sql(f"KILL {one};")
            except RuntimeError as error:  # one that has ended by itself
                if "ERROR 1094" not in str(error):
                    raise

    def stop(self):
        self.stopped.set()
        if self.is_alive():
            self.join(timeout=30)


def write_task(folder, name, mysql, database, sink):
    task = {
        "apiVersion": "rowtide.dev/v1alpha1",
        "kind": "ChangeTrackingTask",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "source": {
                "type": "MySQL",
                "host": mysql["HOST"],
                "port": int(mysql["PORT"]),
                "credentials": {"username": "tracker", "password": "${env:ROWTIDE_TEST_PASSWORD}"},
            },
            "objects": {"include": [{"database": database}]},
            "sink": sink,
        },
    }
    path = folder / f"{name}.yaml"
    path.write_text(json.dumps(task), encoding="utf-8")
    return str(path)


def run_tracker(arguments, log):
    # SSL_CERT_FILE: as in tests/support/process.cpp.
    environment = {**os.environ, "ROWTIDE_TEST_PASSWORD": PASSWORD, "SSL_CERT_FILE": "/dev/null"}
    with open(log, "wb") as file:
        return subprocess.Popen(arguments, stdout=file, stderr=file, env=environment)


class Tracker:
    def __init__(self, program, name, mysql, kafka, folder):
        self.port = free_port()
        sink = {"kafka": {"bootstrapServers": [f"{kafka['HOST']}:{kafka['PORT']}"], "oversizedRecord": "SkipAndCount"}}
        path = write_task(folder, name, mysql, name, sink)
        group = {
            "apiVersion": "rowtide.dev/v1alpha1",
            "kind": "ConsumerGroup",
            "metadata": {"name": f"{name}-cache", "namespace": NAMESPACE},
            "spec": {"taskRef": {"name": name}, "checkpoint": {"mode": "Earliest"}},
        }
        groups = folder / f"{name}-groups.yaml"
        groups.write_text(json.dumps(group), encoding="utf-8")
        self.log = folder / f"{name}.log"
        arguments = [program, "run", path, "--groups", str(groups), "--listen", f"127.0.0.1:{self.port}", "--failure-file", str(folder / f"{name}.failure")]
        self.process = run_tracker(arguments, self.log)

    def stop(self):
        """At once: there may be no broker left to deliver the rest to."""
        self.process.kill()
        self.process.wait(timeout=60)


class StreamTracker:
    """Of a task with sink.stream, as in a pod of an application, and a reader that acknowledges every commit but the newest."""

    READER = "view"

    def __init__(self, program, mysql, folder):
        self.stopped = threading.Event()
        self.port, changes = free_port(), free_port()
        self.url = f"http://127.0.0.1:{changes}"
        state = folder / "readers"
        state.mkdir()
        self.log = folder / f"{STREAM}.log"
        path = write_task(folder, STREAM, mysql, TASKS[0], {"stream": {}})
        arguments = [program, "run", path, "--listen", f"127.0.0.1:{changes}", "--status-listen", f"127.0.0.1:{self.port}", "--state", str(state)]
        self.process = run_tracker(arguments, self.log)
        threading.Thread(target=self.read_on, daemon=True).start()

    def read_on(self):
        while not self.stopped.wait(0.1):
            try:
                self.read()
            except OSError:
                pass  # it does not listen yet, or its stream was ended

    def read(self):
        before = None
        with urllib.request.urlopen(f"{self.url}/changes?reader={self.READER}&heartbeat=1", timeout=20) as lines:
            for line in lines:
                found = json.loads(line)
                if found.get("rowtide") == "commit":
                    if before:
                        urllib.request.urlopen(f"{self.url}/ack?reader={self.READER}", data=before.encode(), timeout=20).close()
                    before = found["position"]

    def stop(self):
        self.stopped.set()
        self.process.kill()
        self.process.wait(timeout=60)


class Recorded:
    """A file of metrics, played back; its counters grow from scrape to scrape, as those of what works.

    operator.prom: what a real rowtide-operator said at a real API server of two tasks, orders and stock; operator_alerts_test.py asks one that
    runs. cluster.prom: by the names and labels of kube-state-metrics and cAdvisor, which tests/e2e/dashboards_test.py looks after."""

    GROWING = re.compile(r"^(\w+_(?:total|bucket|count|sum)(?:\{.*\})?) (\S+)$", re.M)
    OPERATOR, CLUSTER = (pathlib.Path(__file__).with_name(name) for name in ("operator.prom", "cluster.prom"))

    def __init__(self, path):
        text = path.read_text(encoding="utf-8")
        scrapes = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                nonlocal scrapes
                scrapes += 1
                body = Recorded.GROWING.sub(lambda found: f"{found[1]} {float(found[2]) * scrapes}", text).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class PrometheusProcess:
    """A real Prometheus with this configuration, and its API."""

    def __init__(self, config, folder):
        (folder / "prometheus.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        self.log = folder / "prometheus.log"
        self.url = f"http://127.0.0.1:{free_port()}"
        arguments = [
            f"--config.file={folder / 'prometheus.yaml'}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address={self.url.removeprefix('http://')}",
        ]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(["prometheus", *arguments], stdout=log, stderr=log)

    def get(self, path, **parameters):
        """`data` of an answer of the API; raises ValueError with what Prometheus says of a query that it refuses."""
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}", timeout=20) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode()) from error

    def answers(self):
        try:
            return self.get("query", query="1") is not None
        except (OSError, ValueError):
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)


class Prometheus(PrometheusProcess):
    """Scrapes as the chart's monitors ask for, with the labels that Kubernetes' discovery adds, and evaluates the chart's rules:
    at thresholds of seconds, and without their pauses (`for`), which alerts_test.py looks after. `trackers`: name -> address; `hasten`:
    of an alert's expression, (what stands there, what stands there instead); `cluster`: the port of what says the cluster's own metrics."""

    THRESHOLDS = ("prometheusRule.lagSeconds=2", "prometheusRule.checkpointAgeSeconds=5")

    def __init__(self, helm, trackers, operator, folder, hasten=None, cluster=None):
        monitors = rendered(helm)
        (service,) = monitors["ServiceMonitor"]
        (pods,) = (one for one in monitors["PodMonitor"] if one["metadata"]["name"].endswith("-trackers"))
        prompt = rules(helm, *self.THRESHOLDS)
        for group in prompt["groups"]:
            for rule in group["rules"]:
                rule.pop("for", None)
                for chart, here in (hasten or {}).get(rule["alert"], ()):
                    assert chart in rule["expr"], f"{rule['alert']}: {chart} is not in {rule['expr']}"
                    rule["expr"] = rule["expr"].replace(chart, here)
        (folder / "rules.yaml").write_text(yaml.safe_dump(prompt), encoding="utf-8")
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yaml"],
            "scrape_configs": [
                {
                    "job_name": "trackers",
                    "honor_labels": pods["spec"]["podMetricsEndpoints"][0].get("honorLabels", False),
                    "static_configs": [
                        {"targets": [address], "labels": {"namespace": NAMESPACE, "pod": PODS[name]}}
                        for name, address in trackers.items()
                    ],
                },
                {
                    "job_name": "operator",
                    "honor_labels": service["spec"]["endpoints"][0].get("honorLabels", False),
                    "static_configs": [
                        {
                            "targets": [f"127.0.0.1:{operator}"],
                            "labels": {"namespace": "rowtide-system", "pod": "rowtide-operator-0"},
                        }
                    ],
                },
            ],
        }
        if cluster:
            config["scrape_configs"].append({"job_name": "cluster", "honor_labels": True, "static_configs": [{"targets": [f"127.0.0.1:{cluster}"]}]})
        super().__init__(config, folder)

    def firing(self, alert):
        """The labels of each that fires."""
        alerts = self.get("alerts")["alerts"]
        return [one["labels"] for one in alerts if one["labels"]["alertname"] == alert and one["state"] == "firing"]
