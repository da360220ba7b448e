"""kubectl rowtide through the real kubectl on a real kube-apiserver: `plugin_test.py KUBECTL_FOLDER` prints "PASSED FAILED".

Neither operator nor nodes run: the tests write statuses as the operator does, and play ReplicaSet and kubelet (support/api_server.py).
"""

import contextlib
import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from api_server import NAMESPACE, ROOT, TASKS, ApiServer, Kubelet, a_task, condition, failed_status, streaming_status, wait_for  # noqa: E402

PLUGIN = ROOT / "operator" / "plugin"
KUBECTL_FOLDER = ""
VERBS = ("status", "precheck", "restart", "suspend", "resume", "position", "reset", "logs")


class Done:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def json(self):
        return json.loads(self.out)


class PluginTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        folder = pathlib.Path(cls.scratch.name)
        cls.api = ApiServer(folder)
        cls.addClassCleanup(cls.api.stop)
        cls.environment = {"PATH": f"{PLUGIN}:{KUBECTL_FOLDER}:{os.environ['PATH']}", "KUBECONFIG": str(cls.api.kubeconfig),
                           "HOME": str(folder), "TMPDIR": str(folder)}
        cls.api.call("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
        cls.without_crd = cls.run_plugin("status")
        cls.api.define_tasks(has_reset=False)
        cls.api.make_task("orders", streaming_status())
        cls.api.make_task("broken", failed_status())
        cls.api.make_task("fresh")
        cls.without_reset = cls.run_plugin("reset", "orders", "--yes", "-n", NAMESPACE)
        cls.api.define_tasks(has_reset=True)
        cls.kubelet = Kubelet(cls.api)
        cls.api.make_pod("orders", "orders-tracker-1")

    @classmethod
    def start_plugin(cls, *words, stdin=subprocess.DEVNULL, locale="C.UTF-8"):
        return subprocess.Popen(["kubectl", "rowtide", *words], env={**cls.environment, "LC_ALL": locale}, stdin=stdin, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    @staticmethod
    def end_of(process):
        try:
            out, err = process.communicate(timeout=90)
        finally:
            process.kill()
            process.communicate()
        return Done(process.returncode, out, err)

    @classmethod
    def run_plugin(cls, *words, **options):
        return cls.end_of(cls.start_plugin(*words, **options))

    def shop(self, *words, code=0, **options):
        done = self.run_plugin(*words, "-n", NAMESPACE, **options)
        self.assertEqual(done.code, code, done.err + done.out)
        return done

    @contextlib.contextmanager
    def going(self, *words, code=0):
        """While the plugin waits; then it has ended with that code."""
        process = self.start_plugin(*words, "-n", NAMESPACE, "--timeout", "60")
        done = Done(None, "", "")
        try:
            yield done
            end = self.end_of(process)
            done.code, done.out, done.err = end.code, end.out, end.err
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()
        self.assertEqual(done.code, code, done.err + done.out)

    # ---- status ----

    def test_status_is_a_table(self):
        lines = [line.split() for line in self.shop("status").out.splitlines()]
        self.assertEqual(lines[0], ["NAME", "PHASE", "READY", "REASON", "PRECHECK", "LAG", "ROWS/S", "SOURCE"])
        self.assertIn(["orders", "Tracking", "True", "Streaming", "2/2", "0.4", "1200", "mysql"], lines)
        self.assertIn(["broken", "PrecheckFailed", "False", "ChecksFailed", "1/2", "<none>", "<none>", "mysql"], lines)
        everywhere = self.run_plugin("status", "-A")
        self.assertIn([NAMESPACE, "orders", "Tracking"], [line.split()[:3] for line in everywhere.out.splitlines()])
        self.assertIn("no tasks in namespace default", self.run_plugin("status").err)

    def test_status_of_one_task(self):
        out = self.shop("status", "broken").out
        self.assertRegex(out, r"Task +shop/broken\n")
        self.assertRegex(out, r"Phase +PrecheckFailed\n")
        self.assertRegex(out, r"  False +PrecheckPassed +ChecksFailed\n +BinlogFormat .*\"ROW\"\n +Repair: SET PERSIST binlog_format = 'ROW';\n")
        self.assertRegex(out, r"Tracker pods\n  none\n")
        self.assertRegex(self.shop("status", "fresh").out, r"Phase +no operator has looked at it yet\n")

    def test_status_of_one_task_shows_progress_pod_and_events(self):
        uid = self.api.task("orders")["metadata"]["uid"]
        for number in range(12):
            self.api.call("POST", f"/apis/events.k8s.io/v1/namespaces/{NAMESPACE}/events", {
                "metadata": {"name": f"orders-{number}"}, "eventTime": f"2026-03-01T10:00:{number:02}.000001Z", "type": "Normal",
                "reason": "EventsFlowing", "action": "Streaming", "note": f"number {number}: the \"binlog\" isn't <idle>",
                "reportingController": "rowtide.dev/operator", "reportingInstance": "rowtide-operator",
                "regarding": {"apiVersion": "rowtide.dev/v1alpha1", "kind": "ChangeTrackingTask", "name": "orders",
                              "namespace": NAMESPACE, "uid": uid}})
        out = self.shop("status", "orders").out
        for part in (r"Position +3e11fa47-\S+:1-77 \(binlog.000003:123456789012\)\n", r"Lag +0.4 s\n", r"Rows/s +1200\n",
                     r"orders-tracker-1 +1/1 +Running +3 ", "number 11: the \"binlog\" isn't <idle>"):
            self.assertRegex(out, part)
        self.assertEqual(self.shop("status", "broken").out.count("number"), 0)
        task = self.shop("status", "orders", "-o", "json").json()
        self.assertEqual(len(task["events"]), 12)
        self.assertIn({"time": "2026-03-01T10:00:03.000001Z", "type": "Normal", "reason": "EventsFlowing",
                       "message": "number 3: the \"binlog\" isn't <idle>"}, task["events"])

    def test_status_as_json(self):
        tasks = {one["name"]: one for one in self.run_plugin("status", "-A", "-o", "json").json()["tasks"]}
        written, orders = streaming_status(), self.shop("status", "orders", "--output=json").json()
        self.assertEqual({key: orders[key] for key in orders if key not in ("pods", "events")}, tasks["orders"])
        self.assertEqual(orders["conditions"], written["conditions"])
        self.assertEqual(orders["position"], written["progress"]["position"])
        self.assertEqual((orders["namespace"], orders["phase"], orders["lagSeconds"], orders["rowsPerSecond"], orders["topics"],
                          orders["restarts"], orders["suspend"]), (NAMESPACE, "Tracking", 0.4, 1200, ["shop.orders"], 3, False))
        pod = orders["pods"][0]
        self.assertEqual({key: pod[key] for key in pod if key != "created"},
                         {"name": "orders-tracker-1", "phase": "Running", "ready": True, "terminating": False, "restarts": 3, "node": "node"})
        fresh = self.shop("status", "fresh", "-o", "json").json()
        self.assertEqual((fresh["phase"], fresh["position"], fresh["precheck"], fresh["conditions"], fresh["pods"]), (None, None, None, [], []))
        self.assertEqual(list(fresh), list(orders))

    # ---- a task whose trackers run in the pods of applications ----

    def make_stream(self, name, status):
        task = a_task(name)
        task["spec"]["sink"] = {"stream": {}}
        self.api.call("POST", TASKS, task)
        self.api.set_status(name, status)

    def test_status_of_a_stream_shows_the_pods_with_its_tracker(self):
        status = streaming_status()
        del status["progress"], status["topics"], status["restarts"]
        reader = {"name": "cache", "connected": True, "position": "binlog.000003:4", "lagSeconds": 0.2}
        status |= {"phase": "Injectable", "sidecarCount": 3, "sidecarsSampledTime": "2026-03-01T10:01:00Z", "sidecars": [
            {"pod": "shop-1", "ready": True, "upToDate": True, "readers": [reader, {"name": "", "connected": False}]},
            {"pod": "shop-2", "ready": False, "reason": "CrashLooping", "message": "the source's gone\nfor good", "upToDate": False},
            {"pod": "shop-3", "ready": True, "upToDate": False, "readers": []}]}
        self.make_stream("inner", status)
        out = self.shop("status", "inner").out
        self.assertRegex(out, r"Sidecars +3\nSampled +2026-03-01T10:01:00Z\n\nConditions\n")
        self.assertIn("\nPods with the tracker\n"
                      "  shop-1  ready\n"
                      "    reader cache, connected, at binlog.000003:4, lag 0.2 s\n"
                      "    reader without a name, away\n"
                      "  shop-2  not ready: CrashLooping, with an older spec: restart the pod\n"
                      "      the source's gone\n      for good\n"
                      "  shop-3  ready, with an older spec: restart the pod\n\nNewest events\n", out)
        for not_of_it in ("Position", "Lag ", "Tracker pods"):
            self.assertNotIn(not_of_it, out)
        task = self.shop("status", "inner", "-o", "json").json()
        self.assertEqual(task["sidecarCount"], 3)
        self.assertEqual(task["sidecars"][0], {"pod": "shop-1", "ready": True, "reason": None, "message": None, "upToDate": True, "readers": [
            {**reader, "reason": None}, {"name": "", "connected": False, "position": None, "lagSeconds": None, "reason": None}]})
        self.make_stream("lonely", {"phase": "Injectable", "sidecarCount": 0})
        self.assertRegex(self.shop("status", "lonely").out, r"\nPods with the tracker\n  none\n\nNewest events\n")

    def test_what_does_not_apply_to_a_stream_says_what_to_do(self):
        self.make_stream("aside", {"phase": "Injectable", "sidecarCount": 0})
        before = self.api.task("aside")["metadata"]["resourceVersion"]
        for verb, instead in {"restart": "kubectl rollout restart", "suspend": "Scale the applications down", "resume": "never suspended",
                              "position": "'kubectl rowtide status aside -n shop' shows them", "reset": "/changes?from=",
                              "logs": "kubectl logs POD -c rowtide-tracker -n shop"}.items():
            with self.subTest(verb):
                done = self.shop(verb, "aside", *(["--yes"] if verb == "reset" else []), code=1)
                self.assertRegex(done.err, rf"^kubectl rowtide: error: {verb} task aside: it has sink.stream, .*{re.escape(instead)}[^\n]*\n$")
                self.assertEqual(done.out, "")
        self.assertEqual(self.api.task("aside")["metadata"]["resourceVersion"], before, "nothing is changed")
        self.api.make_pod("aside", "aside-precheck-1", component="precheck")
        self.assertIn("aside-precheck-1/precheck", self.shop("logs", "aside", "--precheck").out)

    # ---- precheck ----

    def test_precheck_is_a_table(self):
        done = self.shop("precheck", "broken", code=1)
        self.assertRegex(done.out, r"^CHECK +RESULT +OBSERVED\nSourceReachable +Passed +10.0.0.9\nBinlogFormat +Failed +STATEMENT\n")
        for line in (r"\n +expected: +ROW\n", r"\n +message: +the server's format isn't \"ROW\"\n {34}of <all> \\ sessions", r"\n +repair: +SET PERSIST binlog_format = 'ROW';\n",
                     r"\nFailed 1/2 at 2026-03-01T09:59:00Z\n"):
            self.assertRegex(done.out, line)
        self.assertRegex(self.shop("precheck", "orders").out, r"\nPassed 2/2 at ")
        self.assertIn("no precheck is done yet", self.shop("precheck", "fresh", code=1).err)

    def test_what_a_server_says_does_not_drive_the_terminal(self):
        for locale in ("C", "C.UTF-8"):
            for words in (("precheck", "broken"), ("status", "broken")):
                out = self.shop(*words, code=1 if words[0] == "precheck" else 0, locale=locale).out
                with self.subTest(locale=locale, words=words):
                    self.assertRegex(out, "sessions|ROW")
                    self.assertEqual(re.findall("[\0-\x08\x0b-\x1f\x7f-\x9f]", out), [])

    def test_precheck_as_json(self):
        answer = self.shop("precheck", "broken", "-o", "json", code=1).json()
        written = failed_status()["precheck"]
        self.assertEqual(list(answer), ["namespace", "name", "precheck"])
        for item, sent in zip(answer["precheck"].pop("items"), written.pop("items"), strict=True):
            self.assertEqual(item, {**dict.fromkeys(("name", "result", "reason", "observed", "expected", "message", "repair")), **sent})
        self.assertEqual(answer["precheck"], written)

    def test_precheck_runs_again(self):
        self.api.make_task("again", failed_status())
        with self.going("precheck", "again", "--run") as done:
            wait_for("the request", lambda: self.api.task("again")["spec"].get("precheck", {}).get("runNonce") == 1)
            status = streaming_status()
            status["precheck"]["runNonce"] = 1
            self.api.set_status("again", status)
        self.assertIn("Passed 2/2", done.out)

    def test_precheck_of_an_invalid_spec_is_not_waited_for(self):
        self.api.make_task("invalid")
        with self.going("precheck", "invalid", "--run", code=1) as done:
            wait_for("the request", lambda: self.api.task("invalid")["spec"].get("precheck", {}).get("runNonce"))
            self.api.set_status("invalid", {"conditions": [condition("Accepted", "False", "InvalidSpec", "spec.a: wrong\nspec.b: wrong")]})
        self.assertIn("its spec is invalid", done.err)

    def test_a_precheck_that_does_not_end(self):
        status = streaming_status()
        status["conditions"][1] = condition("PrecheckPassed", "Unknown", "PrecheckNotStarting", "Unschedulable: 0/1 nodes")
        self.api.make_task("stuck", status)
        done = self.shop("precheck", "stuck", "--run", "--timeout", "1", code=1)
        self.assertIn("the precheck did not happen in 1 seconds. It is at PrecheckNotStarting (Unschedulable: 0/1 nodes)", done.err)
        done = self.shop("precheck", "stuck")
        self.assertIn("Passed 2/2", done.out)
        self.assertIn("This report is not of the newest spec, which is at PrecheckNotStarting", done.err)

    # ---- what changes something ----

    def test_restart(self):
        self.api.make_task("moving", streaming_status())
        self.api.make_pod("moving", "moving-tracker-1")
        with self.going("restart", "moving", "-o", "json") as done:
            old = wait_for("the deletion", lambda: (pod := self.api.pod("moving-tracker-1")) and "deletionTimestamp" in pod["metadata"] and pod)
            self.assertEqual(old["metadata"]["deletionGracePeriodSeconds"], 60, "the tracker must have its time to save the checkpoint")
            status = streaming_status()
            status["conditions"][3] = condition("Streaming", "False", "TrackerFailed")
            self.api.set_status("moving", status)
            self.api.make_pod("moving", "moving-tracker-2")
            self.api.end_pod("moving-tracker-1")
            self.api.set_status("moving", streaming_status())
        self.assertEqual([pod["name"] for pod in done.json()["pods"]], ["moving-tracker-2"])

    def test_restart_waits_for_the_new_pod_and_the_old_ones_end(self):
        processes = {}
        for task in ("unready", "lingering"):
            self.api.make_task(task, streaming_status())
            self.api.make_pod(task, f"{task}-tracker-1")
            processes[task] = self.start_plugin("restart", task, "-n", NAMESPACE, "--timeout", "3")
        for task in processes:
            wait_for("the deletion", lambda one=task: "deletionTimestamp" in self.api.pod(f"{one}-tracker-1")["metadata"])
        self.api.end_pod("unready-tracker-1")
        self.api.make_pod("unready", "unready-tracker-2", is_ready=False)
        self.api.make_pod("lingering", "lingering-tracker-2")
        for task, process in processes.items():
            with self.subTest(task):
                done = self.end_of(process)
                self.assertEqual(done.code, 1, done.out)
                self.assertIn("a new tracker that streams did not happen in 3 seconds", done.err)

    def test_restart_of_a_task_without_a_tracker(self):
        self.assertIn("no tracker pod. It is at ChecksFailed", self.shop("restart", "broken", code=1).err)

    def test_suspend_and_resume(self):
        self.api.make_task("pausing", streaming_status())
        self.api.make_pod("pausing", "pausing-tracker-1")
        self.api.make_pod("pausing", "pausing-tracker-0", phase="Failed")  # evicted: it stays
        suspended = streaming_status()
        suspended["phase"] = "Suspended"
        suspended["conditions"][2:] = [condition(kind, "False", "Suspended", "spec.suspend is true") for kind in ("TrackerAvailable", "Streaming", "Ready")]
        with self.going("suspend", "pausing") as done:
            wait_for("suspend", lambda: self.api.task("pausing")["spec"]["suspend"])
            self.api.set_status("pausing", suspended)
            self.assertIn("the end of the tracker did not happen", self.shop("suspend", "pausing", "--timeout", "1", code=1).err)
            self.api.end_pod("pausing-tracker-1")
        self.assertIn("shop/pausing: is suspended; its checkpoint is kept", done.out)
        self.assertIn("it is suspended", self.shop("restart", "pausing", code=1).err)
        with self.going("resume", "pausing", "-o", "json") as done:
            wait_for("resume", lambda: not self.api.task("pausing")["spec"]["suspend"])
            self.api.set_status("pausing", streaming_status())
        self.assertEqual((done.json()["suspend"], done.json()["phase"]), (False, "Tracking"))

    def test_resume_of_what_cannot_run(self):
        self.api.make_task("hopeless", failed_status())
        done = self.shop("resume", "hopeless", code=1)
        self.assertIn("ChecksFailed (BinlogFormat (WrongFormat)", done.err)

    def test_a_status_of_before_the_change_is_not_believed(self):
        self.api.make_task("early", streaming_status())
        self.shop("suspend", "early", "--no-wait")
        done = self.shop("resume", "early", "--timeout", "1", code=1)
        self.assertIn("Ready did not happen in 1 seconds", done.err)

    def test_a_server_that_is_away_for_a_moment_is_asked_again(self):
        self.api.make_task("patient", streaming_status())
        there = self.api.kubeconfig.read_text(encoding="utf-8")
        config = pathlib.Path(self.scratch.name) / "moment.yaml"
        config.write_text(there, encoding="utf-8")
        process = self.start_plugin("suspend", "patient", "-n", NAMESPACE, "--timeout", "60", "--kubeconfig", str(config))
        wait_for("suspend", lambda: self.api.task("patient")["spec"]["suspend"])
        config.write_text(there.replace(self.api.url, "https://127.0.0.1:1"), encoding="utf-8")
        self.assertRegex(process.stderr.readline(), r"task patient: .* refused .*\. Asking again\n")
        config.write_text(there, encoding="utf-8")
        status = streaming_status()
        status["conditions"][2] = condition("TrackerAvailable", "False", "Suspended")
        self.api.set_status("patient", status)
        done = self.end_of(process)
        self.assertEqual((done.code, done.err), (0, ""))

    def test_without_waiting(self):
        self.api.make_task("quick", streaming_status())
        self.assertTrue(self.shop("suspend", "quick", "--no-wait", "-o", "json").json()["suspend"])
        self.assertTrue(self.api.task("quick")["spec"]["suspend"])
        self.shop("resume", "quick", "--no-wait")
        self.assertFalse(self.api.task("quick")["spec"]["suspend"])

    def test_reset(self):
        self.assertEqual(self.without_reset.code, 1)
        self.assertRegex(self.without_reset.err, r"^kubectl rowtide: error: reset task orders: .* has no field spec.resetNonce; upgrade Rowtide[^\n]*\n$")
        self.api.make_task("anew", streaming_status())
        self.assertIn("say --yes", self.shop("reset", "anew", code=2).err)
        self.shop("reset", "anew", "--yes")
        self.assertEqual(self.api.task("anew")["spec"]["resetNonce"], 1)
        for answer, code, nonce in (("no\n", 1, 1), ("anew\n", 0, 2)):
            keyboard, terminal = pty.openpty()
            os.write(keyboard, answer.encode())
            self.shop("reset", "anew", code=code, stdin=terminal)
            os.close(terminal)
            os.close(keyboard)
            self.assertEqual(self.api.task("anew")["spec"]["resetNonce"], nonce)

    # ---- position, logs ----

    def test_position(self):
        out = self.shop("position", "orders").out
        self.assertEqual(out, "GTID set  3e11fa47-71ca-11e1-9e33-c80aa9429562:1-77\nFile      binlog.000003\nOffset    123456789012\n"
                              "Sampled   2026-03-01T10:01:00Z\n")
        progress = streaming_status()["progress"]
        self.assertEqual(self.shop("position", "orders", "-ojson").json(), {
            "namespace": NAMESPACE, "name": "orders", "position": progress["position"], "sampledTime": progress["sampledTime"]})
        self.assertIn("no position is known yet", self.shop("position", "fresh", code=1).err)

    def test_logs(self):
        self.api.make_pod("orders", "orders-precheck-1", component="precheck")
        tracker = f"log of /containerLogs/{NAMESPACE}/orders-tracker-1/tracker"
        self.assertEqual(self.shop("logs", "orders").out, f"{tracker}\n")
        self.assertEqual(self.shop("logs", "orders", "-f").out, f"{tracker}?follow=true\n")
        self.assertEqual(self.shop("logs", "orders", "--previous").out, f"{tracker}?previous=true\n")
        self.assertEqual(self.shop("logs", "orders", "--precheck").out, f"log of /containerLogs/{NAMESPACE}/orders-precheck-1/precheck\n")
        self.assertIn("no tracker pod. It is at ChecksFailed", self.shop("logs", "broken", code=1).err)
        self.assertIn("--run makes another", self.shop("logs", "broken", "--precheck", code=1).err)

    # ---- what goes wrong ----

    def test_an_unknown_task(self):
        for verb in VERBS:
            with self.subTest(verb):
                done = self.shop(verb, "nobody", *(["--yes"] if verb == "reset" else []), code=1)
                self.assertRegex(done.err, r"^kubectl rowtide: error: .*no task of that name in namespace shop\. .*status -A")
                self.assertEqual(done.out, "")

    def test_a_cluster_without_rowtide(self):
        self.assertEqual(self.without_crd.code, 1)
        self.assertRegex(self.without_crd.err, r"^kubectl rowtide: error: .*no ChangeTrackingTasks .*Install Rowtide")

    def test_a_server_that_is_not_there(self):
        config = pathlib.Path(self.scratch.name) / "away.yaml"
        config.write_text(self.api.kubeconfig.read_text(encoding="utf-8").replace(self.api.url, "https://127.0.0.1:1"), encoding="utf-8")
        done = self.shop("status", "--kubeconfig", str(config), code=1)
        self.assertRegex(done.err, r"^kubectl rowtide: error: tasks: .* 127.0.0.1:1 was refused[^\n]*\n$")

    def test_a_login_of_the_users_own(self):
        login = pathlib.Path(self.scratch.name) / "login"
        credential = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "rowtide-test-token"}}
        login.write_text(f"#!/bin/sh\necho open a browser >&2\necho '{json.dumps(credential)}'\n", encoding="utf-8")
        login.chmod(0o755)
        config = yaml.safe_load(self.api.kubeconfig.read_text(encoding="utf-8"))
        config["users"][0]["user"] = {"exec": {"apiVersion": credential["apiVersion"], "command": str(login), "interactiveMode": "IfAvailable"}}
        path = pathlib.Path(self.scratch.name) / "login.yaml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        done = self.shop("status", "--kubeconfig", str(path))
        self.assertIn("orders", done.out)
        self.assertEqual(done.err, "open a browser\n")

    def test_a_user_without_permission(self):
        stranger = self.api.user("stranger")
        for verb in VERBS:
            with self.subTest(verb):
                done = self.shop(verb, "orders", *(["--yes"] if verb == "reset" else []), "--kubeconfig", stranger, code=1)
                self.assertRegex(done.err, r'^kubectl rowtide: error: .*\(Forbidden\).*"stranger".*Ask the cluster\'s administrator')

    def test_a_user_who_may_read_tasks_only(self):
        rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}"
        self.api.call("POST", f"{rbac}/roles", {"metadata": {"name": "read"}, "rules": [
            {"apiGroups": ["rowtide.dev"], "resources": ["changetrackingtasks"], "verbs": ["get", "list"]}]})
        self.api.call("POST", f"{rbac}/rolebindings", {"metadata": {"name": "read"}, "subjects": [{"kind": "User", "name": "reader"}],
                      "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "read"}})
        reader = f"--kubeconfig={self.api.user('reader')}"
        out = wait_for("the role", lambda: (done := self.run_plugin("status", "orders", "-n", NAMESPACE, reader)).code == 0 and done.out)
        self.assertRegex(out, r"Phase +Tracking\n")
        self.assertRegex(out, r"Tracker pods\n  not shown: .*\(Forbidden\).*\n\nNewest events\n  not shown: .*\(Forbidden\)")
        done = self.shop("status", "orders", "-o", "json", reader)
        self.assertEqual((done.json()["phase"], done.json()["pods"], done.json()["events"]), ("Tracking", None, None))
        self.assertEqual(done.err.count("(Forbidden)"), 2)
        self.assertIn('cannot patch resource', self.shop("suspend", "orders", reader, code=1).err)
        self.assertFalse(self.api.task("orders")["spec"]["suspend"])

    def test_wrong_usage(self):
        for words in ([], ["stauts"], ["precheck"], ["status", "orders", "-A"], ["status", "a/b"], ["status", "-o", "yaml"], ["restart", "orders", "--run"],
                      ["suspend", "orders", "stock"], ["precheck", "orders", "--timeout", "soon"], ["logs", "orders", "-o", "json"], ["status", "-n"],
                      ["restart", "orders", "--yes=1"], ["logs", "orders", "--previous", "--precheck"], ["status", "--frobnicate"]):
            with self.subTest(words):
                done = self.run_plugin(*words)
                self.assertEqual((done.code, done.out), (2, ""), done.err)
                self.assertRegex(done.err, r"^kubectl rowtide: error: .*\nSee: kubectl rowtide [a-z ]*--help\n$")

    def test_flags_of_kubectl(self):
        for words in (["-n", NAMESPACE, "position", "orders"], ["position", f"--namespace={NAMESPACE}", "orders"], ["position", "orders", f"-n{NAMESPACE}"],
                      ["position", "orders", "-n", NAMESPACE, "--context", "test"]):
            with self.subTest(words):
                done = self.run_plugin(*words)
                self.assertEqual(done.code, 0, done.err)
        self.assertIn("elsewhere", self.shop("position", "orders", "--context=elsewhere", code=1).err)

    def test_help(self):
        for verb in VERBS:
            with self.subTest(verb):
                done = self.run_plugin(verb, "--help")
                self.assertEqual(done.code, 0, done.err)
                self.assertIn(f"Usage: kubectl rowtide {verb}", done.out)
                self.assertIn(f"kubectl rowtide {verb} ", self.run_plugin("--help").out)
                explained = set(re.findall(r"^ +(?:(-\w), )?(--[a-z-]+)? ", done.out, re.MULTILINE))
                self.assertEqual(set(self.completions(verb, "-")), {one for pair in explained for one in pair if one})

    def test_another_shell(self):
        out = subprocess.run(["bash", "--posix", PLUGIN / "kubectl-rowtide", "status", "orders", "-n", NAMESPACE, "-o", "json"], env=self.environment,
                             check=True, capture_output=True, text=True).stdout
        self.assertEqual(json.loads(out)["name"], "orders")

    # ---- completion ----

    def completions(self, *words):
        done = subprocess.run(["kubectl", "__complete", "rowtide", *words], env=self.environment, check=True, capture_output=True, text=True)
        *lines, directive = done.stdout.splitlines()
        self.assertEqual(directive, ":4", done.stderr)
        return [line.split("\t")[0] for line in lines]

    def test_completion(self):
        self.assertEqual(self.completions(""), list(VERBS))
        self.assertEqual(self.completions("re"), ["restart", "resume", "reset"])
        self.assertEqual(self.completions("status", ""), [])
        self.assertEqual(self.completions("status", "-n", NAMESPACE, "orde"), ["orders"])
        self.assertEqual(self.completions("status", f"--namespace={NAMESPACE}", "orde"), ["orders"])
        self.assertEqual(self.completions("status", "orders", "-n", NAMESPACE, ""), [])
        self.assertEqual(self.completions("status", "-n", "sh"), [NAMESPACE])
        self.assertEqual(self.completions("status", "--context", ""), ["test"])
        self.assertEqual(self.completions("status", "-o", ""), ["json"])
        self.assertEqual(self.completions("logs", "orders", "--p"), ["--previous", "--precheck"])


if __name__ == "__main__":
    KUBECTL_FOLDER = sys.argv.pop(1)
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    if len(sys.argv) > 1:
        suite = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:], sys.modules[__name__])
    outcome = unittest.TextTestRunner(stream=sys.stderr, verbosity=0).run(suite)
    failed = {test.id().split(" ")[0] for test, _ in outcome.failures + outcome.errors}
    print(outcome.testsRun - len(failed), len(failed))
