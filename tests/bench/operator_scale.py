"""Many tasks on one operator and a real kube-apiserver, without controllers and nodes: their part is played here.

`operator_scale.py OPERATOR [--tasks N] [--idle S] [--changes C] [--of-pods PART] [--load S]` prints figures: how long until all are Ready,
what the operator costs while nothing happens, how long a reconcile takes under C changes a second: of tasks, and PART of them of the
status of trackers' pods, as nodes write it. Its last line is "PASSED FAILED" of what must hold
whatever the machine: everything becomes Ready, and idle tasks make the operator write nothing.
"""

import argparse
import concurrent.futures
import multiprocessing
import os
import pathlib
import random
import re
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from api_server import NAMESPACE, PODS, TASKS, ApiServer, a_task, wait_for  # noqa: E402
from operator_process import OperatorProcess  # noqa: E402
from played_cluster import Cluster, Connections, Trackers, install  # noqa: E402


class MeasuredOperator(OperatorProcess):
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


def make_changes(api, names, pods, numbers, began, options):
    """In a process of its own: a client of one interpreter is slower than the server."""
    connections = Connections(api)

    def change(number):
        time.sleep(max(0.0, began + number / options.changes - time.monotonic()))
        if random.random() < options.of_pods:
            connections.send("PATCH", f"{PODS}/{random.choice(pods)}/status", {"status": {"message": str(number)}})
        else:
            connections.send("PATCH", f"{TASKS}/{random.choice(names)}", {"metadata": {"annotations": {"bench": str(number)}}})

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(change, numbers))


def measure_load(operator, connections, names, options):
    clients, changes, seconds = 2, options.changes, options.load
    pods = [pod["metadata"]["name"] for pod in connections.call("GET", PODS)["items"] if "-tracker" in pod["metadata"]["name"]]
    before, cpu, began = operator.reconciles(), operator.cpu_seconds(), time.monotonic()
    processes = [multiprocessing.Process(target=make_changes, args=(connections.api, names, pods, range(client, changes * seconds, clients),
                                                                    began, options)) for client in range(clients)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0, "a client of the load failed; its traceback is above"
    took = time.monotonic() - began
    p50, total = quantile(before, operator.reconciles(), 0.5)
    p99, _ = quantile(before, operator.reconciles(), 0.99)
    say(f"{changes * seconds / took:.0f} changes/s for {took:.0f} s: {total} reconciles, p50 <= {p50} s, p99 <= {p99} s, "
        f"{(operator.cpu_seconds() - cpu) / took:.2f} of a core, at most {operator.memory_mib()[1]:.0f} MiB")


def run(options, folder):
    api = ApiServer(folder)
    try:
        install(api)
        connections = Connections(api)
        cluster = Cluster(connections, Trackers())
        with open(folder / "operator.log", "w", encoding="utf-8") as log:
            operator = MeasuredOperator(options.operator, api.kubeconfig, log, "--namespace", NAMESPACE)
        names = [f"task-{number:04}" for number in range(options.tasks)]
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda name: connections.call("POST", TASKS, a_task(name)), names))

        def listens():
            assert operator.process.poll() is None, (folder / "operator.log").read_text(encoding="utf-8")[-2000:]
            try:
                return operator.metrics()
            except OSError:
                return None

        wait_for("the operator listens", listens)

        def ready():
            assert operator.process.poll() is None, (folder / "operator.log").read_text(encoding="utf-8")[-2000:]
            assert not cluster.errors, cluster.errors[:3]
            return sum(value == "1" for name, value in operator.metrics().items()
                       if name.startswith("rowtide_operator_task_condition") and 'type="Ready"' in name and 'status="True"' in name)

        wait_for("all tasks are Ready", lambda: ready() == options.tasks, 30 + options.tasks)
        say(f"{options.tasks} tasks Ready after {time.monotonic() - began:.1f} s")
        is_quiet = measure_idle(operator, options.idle)
        if options.load:
            measure_load(operator, connections, names, options)
        cluster.ended = True
        operator.stop()
        return is_quiet
    finally:
        api.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("operator")
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--idle", type=int, default=60, metavar="SECONDS")
    parser.add_argument("--changes", type=int, default=200, metavar="PER_SECOND")
    parser.add_argument("--of-pods", type=float, default=0.0, metavar="PART")
    parser.add_argument("--load", type=int, default=30, metavar="SECONDS")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        is_quiet = run(options, pathlib.Path(folder))
    print("2 0" if is_quiet else "1 1")


if __name__ == "__main__":
    main()
