"""kubectl and helm of the documents, on a real kube-apiserver. No controllers run: what waits for pods is left to the tests e2e."""

import re
import unittest

import yaml

import parts
from api_server import a_task, streaming_status, wait_for
from parts import put_in, runs, shell, text_of

SYSTEM = "/apis/apps/v1/namespaces/rowtide-system/deployments/rowtide-operator"
INSTALL = "helm upgrade --install rowtide helm/rowtide --namespace rowtide-system --create-namespace \\\n  --set "
GROUPS = "/apis/rowtide.dev/v1alpha1/namespaces/shop/consumergroups"
# What the Prometheus Operator defines, as far as the chart's objects need it to be taken.
MONITORING = {"ServiceMonitor": "servicemonitors", "PodMonitor": "podmonitors", "PrometheusRule": "prometheusrules"}


def without_wait(text):
    """`--wait` waits for pods."""
    assert "--wait" in text, text
    return text.replace(" --wait", "")


def define(kind, plural):
    version = {"name": "v1", "served": True, "storage": True,
               "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}
    group = "monitoring.coreos.com"
    parts.api().call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": {"kind": kind, "plural": plural}, "versions": [version]}})


class ClusterCommands(unittest.TestCase):
    """In the order of a release's life: the first installs, the last removes."""

    @classmethod
    def setUpClass(cls):
        cls.api = parts.api()
        cls.in_system = {"KUBECONFIG": str(cls.api.kubeconfig)}
        config = yaml.safe_load(cls.api.kubeconfig.read_text(encoding="utf-8"))
        config["contexts"][0]["context"]["namespace"] = "shop"
        (parts.folder() / "shop.kubeconfig").write_text(yaml.safe_dump(config), encoding="utf-8")
        cls.api.call("POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})

    def shell(self, text, **options):
        """With the context's namespace `shop`, where the documents' tasks are and no command says so."""
        return shell(text, KUBECONFIG=str(parts.folder() / "shop.kubeconfig"), **options)

    def save(self, name, text):
        (parts.folder() / name).write_text(text, encoding="utf-8")

    def make_task(self, name="orders", **more):
        if not self.api.task(name):
            wait_for("the definition is served", lambda: self.api.call("GET", GROUPS.replace("consumergroups", "changetrackingtasks")))
            self.api.make_task(name, streaming_status())
        self.api.call("PATCH", f"/apis/rowtide.dev/v1alpha1/namespaces/shop/changetrackingtasks/{name}", {"metadata": more})

    def annotation(self, path, name):
        return self.api.call("GET", path)["metadata"].get("annotations", {}).get(f"rowtide.dev/{name}")

    def image(self):
        return self.api.call("GET", SYSTEM)["spec"]["template"]["spec"]["containers"][0]["image"]

    @runs("docs/install.md", "kubectl apply --server-side", INSTALL + "image", "`helm upgrade --install rowtide`")
    def test_1_install(self, apply, install, begins):
        self.shell(apply)
        self.assertEqual(self.image(), "rowtide:dev")
        # Helm takes it over, as the page says. Its test needs pods: tests/e2e/chart_test.cpp.
        self.assertTrue(install.startswith(begins))
        helm, label = without_wait(install).split("\nkubectl ")
        label, test = label.split("\n")
        self.assertEqual(test, "helm --namespace rowtide-system test rowtide")
        self.shell(f"{helm} --take-ownership && kubectl {label}")
        self.assertRegex(self.image(), r"^registry\.example\.com/rowtide:\d")
        self.assertEqual(self.api.call("GET", "/api/v1/namespaces/rowtide-system")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"],
                         "restricted")

    @runs("README.md", "helm upgrade --install")
    @runs("docs/getting-started.md", "helm upgrade --install")
    def test_2_install_as_other_pages_say(self, readme, started):
        helm, apply, get = re.split(r"\n(?=kubectl)", readme)
        self.shell(helm)
        self.shell(without_wait(started))
        self.shell(put_in(apply, of={"orders.yaml": "orders.yaml --dry-run=server"}))
        self.make_task()
        self.assertRegex(self.shell(get), r"NAME +PHASE.*\norders +Tracking +True")

    @runs("docs/monitoring.md", "helm upgrade rowtide")
    @runs("docs/install.md", "helm upgrade rowtide helm/rowtide --namespace rowtide-system --reset-then-reuse-values --wait",
          "helm upgrade rowtide helm/rowtide --namespace rowtide-system --reset-then-reuse-values --set metrics")
    def test_3_upgrade(self, monitoring, upgrade, metrics):
        for kind, plural in MONITORING.items():
            define(kind, plural)
        for block, kinds in ((metrics, ("ServiceMonitor", "PodMonitor")), (monitoring, MONITORING)):
            wait_for("the definitions", lambda: self.shell("kubectl get " + ",".join(MONITORING.values()) + " -A || echo no") != "no\n")
            self.shell(block)
            self.assertRegex(self.image(), r"^registry\.example\.com/rowtide:\d")  # the values of before are kept
            for kind in kinds:
                with self.subTest(kind):
                    self.assertIn("rowtide-system", self.shell(f"kubectl get {kind} -A"))
        self.assertIn("grafana_dashboard", self.shell("kubectl -n rowtide-system get configmaps -o yaml"))
        helm, rollback = without_wait(without_wait(upgrade) + " --wait").split("\n")
        self.shell(helm + "\n" + rollback)

    @runs("docs/install.md", INSTALL + "'watch.namespaces", "`helm upgrade --reset-values`")
    def test_4_some_namespaces(self, install, reset):
        self.api.call("POST", "/api/v1/namespaces", {"metadata": {"name": "bank"}})
        roles = "kubectl get roles -A --no-headers | awk '/rowtide/ {print $1}' | sort -u"
        self.shell(without_wait(install))
        self.assertEqual(self.shell(roles).split(), ["bank", "rowtide-system", "shop"])
        self.shell(f"{reset} rowtide helm/rowtide --namespace rowtide-system --set image.repository=registry.example.com/rowtide")
        self.assertEqual(self.shell(roles).split(), ["rowtide-system"])

    @runs("docs/consuming.md", "apiVersion: rowtide.dev", "$ kubectl apply -f group.yaml", "`kubectl describe ctg`",
          "`kubectl annotate ctg NAME rowtide.dev/skip-cleanup=true`")
    @runs("docs/operations.md", "`kubectl get ctg`")
    def test_5_consumer_group(self, group, shown, describe, annotate, get):
        self.save("group.yaml", group)
        apply, look, *table = shown.splitlines()
        self.make_task()
        self.shell(apply.removeprefix("$ "))
        path = f"{GROUPS}/cache-invalidator"
        self.api.call("PATCH", f"{path}/status", {"status": {"state": "Stable", "members": 2, "unconsumedRecords": 41, "delaySeconds": 7}})
        words = [line.split()[:6] for line in self.shell(look.removeprefix("$ ")).splitlines()]
        self.assertEqual(words, [line.split()[:6] for line in table])
        self.assertIn("GROUP", self.shell(f"{get} -o wide"))
        self.assertIn("Checkpoint Nonce", self.shell(describe))
        self.shell(put_in(annotate, of={"NAME": "cache-invalidator"}))
        self.assertEqual(self.annotation(path, "skip-cleanup"), "true")
        self.shell("kubectl apply --dry-run=server --validate=strict -f examples/cache_group.yaml -f examples/sidecar/cache.yaml")

    @runs("docs/operations.md", "`kubectl describe ctt NAME`", "`kubectl wait --for=condition=Ready ctt/NAME`",
          "`kubectl annotate ctt NAME rowtide.dev/paused=true`", "`kubectl annotate ctt NAME rowtide.dev/paused-`",
          "`kubectl annotate ctt NAME rowtide.dev/skip-cleanup=true`")
    @runs("docs/install.md", "kubectl annotate ctt orders")
    def test_5_task(self, describe, wait, pause, go_on, skip, upgrade):
        self.make_task()
        path = GROUPS.replace("consumergroups", "changetrackingtasks/orders")
        names = {"NAME": "orders"}
        self.assertRegex(self.shell(put_in(describe, of=names)), r"Reason: +Streaming")
        self.shell(put_in(wait, of=names), seconds=20)
        for command, name, value in ((pause, "paused", "true"), (go_on, "paused", None), (skip, "skip-cleanup", "true")):
            self.shell(put_in(command, of=names))
            self.assertEqual(self.annotation(path, name), value)
        self.shell(upgrade)
        self.assertRegex(self.annotation(path, "upgrade"), r"^\d+$")

    @runs("docs/stream.md", "kubectl wait")
    @runs("docs/kubectl-plugin.md", "install -m 755", "kubectl rowtide status -A")
    def test_5_looking(self, stream, install, status):
        self.make_task()
        (parts.folder() / ".local" / "bin").mkdir(parents=True)
        self.assertIn("kubectl rowtide", self.shell(install))
        self.api.make_task("broken", streaming_status() | {"phase": "PrecheckFailed"})
        self.assertEqual(self.shell(status), "shop/broken PrecheckFailed\n")
        # The two lines before are run by source_commands.py.
        plugin, jsonpath = text_of("docs/prechecks.md", "rowtide-tracker precheck task.yaml  ").splitlines()[-2:]
        self.assertIn("BinlogFormat", self.shell(plugin))
        self.assertEqual(yaml.safe_load(self.shell(jsonpath))["summary"], "2/2")
        self.assertIn("kind: ChangeTrackingTask", self.shell(stream, seconds=20))

    @runs("README.md", "`kubectl explain ctt.spec`")
    @runs("docs/getting-started.md", "`kubectl explain ctt.spec`")
    @runs("docs/install.md", "`kubectl get lease`")
    def test_5_fields(self, explain, again, lease):
        self.assertEqual(explain, again)
        wait_for("the fields", lambda: "startPosition" in self.shell(explain))
        self.shell(lease)

    @runs("docs/security.md", "kubectl label namespace shop pod-security", "apiVersion: networking.k8s.io",
          "`kubectl -n shop delete pod -l rowtide.dev/task=orders`")
    def test_5_security(self, label, policy, delete):
        self.save("policy.yaml", policy)
        self.shell("kubectl apply --validate=strict -f policy.yaml")
        self.shell(label)
        self.api.call("POST", "/api/v1/namespaces/default/pods?dryRun=All", {
            "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}})
        self.assertIn("No resources found", self.shell(f"{delete} 2>&1"))

    @runs("docs/operations.md", "`kubectl delete pod POD -n NAMESPACE --force --grace-period=0`")
    def test_5_lost_node(self, delete):
        self.make_task()
        self.api.make_pod("orders", "orders-tracker-lost")
        self.shell(put_in(delete, of={"POD": "orders-tracker-lost", "NAMESPACE": "shop"}))
        self.assertIsNone(self.api.pod("orders-tracker-lost"))

    @runs("docs/sources.md", "source:")
    def test_5_polardb(self, text):
        """A part of a task without `host`, which documents_test.py would put in."""
        task = a_task("polardb")
        del task["spec"]["source"]
        task["spec"] |= yaml.safe_load(text)
        self.save("polardb.yaml", yaml.safe_dump(task))
        self.shell("kubectl create --dry-run=server --validate=strict -f polardb.yaml")

    @runs("docs/install.md", "kubectl patch ctt orders")
    @runs("docs/getting-started.md", "`kubectl -n shop delete ctt orders`")
    def test_6_end_a_task(self, patch, delete):
        self.make_task(finalizers=["rowtide.dev/cleanup"])
        self.shell(f"{delete} --wait=false")
        self.assertIsNotNone(self.api.task("orders"))
        self.shell(patch)
        wait_for("the task is gone", lambda: self.api.task("orders") is None)

    @runs("docs/install.md", "helm uninstall", "kubectl delete ctg,ctt")
    def test_7_remove(self, uninstall, everything):
        self.make_task()
        self.shell(uninstall)
        self.assertIsNone(self.api.call("GET", SYSTEM))
        self.assertIsNotNone(self.api.task("orders"))
        self.shell(text_of("docs/getting-started.md", "helm upgrade --install").replace(" --wait", ""))
        self.shell(everything)
        self.assertNotIn("rowtide.dev", self.shell("kubectl get crd -o name"))


