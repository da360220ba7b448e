"""The Helm chart, rendered by real Helm: `chart_test.py HELM` prints "PASSED FAILED".

SETTINGS says for each setting of values.yaml what it changes; a setting without a line fails.
"""

import functools
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "rowtide"
VERSION = re.search(r"project\(rowtide VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))[1]
HELM = "helm"


class LOADER(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """As the API server's: 1e3 is a number."""


LOADER.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+"), list("-+0123456789"))


def helm(*arguments, values=None):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(values or {}, file)
        file.flush()
        command = [HELM, *arguments, "--values", file.name]
        return subprocess.run(command, capture_output=True, text=True, check=False)


def template(values=None, release="rowtide", chart=CHART, namespace="rowtide-system"):
    arguments = ["template", release, str(chart), "--namespace", namespace, "--kube-version", "1.33"]
    return helm(*arguments, values=values)


def documents(text):
    return [one for one in yaml.load_all(text, Loader=LOADER) if one]


def render(values=None, release="rowtide", chart=CHART):
    """(kind, name) -> object."""
    result = template(values, release, chart)
    if result.returncode != 0:
        raise AssertionError(f"helm template failed with {values}: {result.stderr}")
    objects = documents(result.stdout)
    return {(one["kind"], one["metadata"]["name"]): one for one in objects}


def nested(path, value):
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


def labels(one):
    """Those of an object and of what it makes pods of."""
    yield one["metadata"].get("labels", {})
    if "template" in one.get("spec", {}):
        yield one["spec"]["template"]["metadata"]["labels"]


def texts(value, path=""):
    """Where a text stands."""
    if isinstance(value, str):
        yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from texts(inner, f"{path}/{key}")


def at(value, path):
    for key in path.split("/"):
        value = value[int(key) if isinstance(value, list) else key]
    return value


NAME = "rowtide-operator"
CRD = ("CustomResourceDefinition", "changetrackingtasks.rowtide.dev")
DEPLOYMENT = ("Deployment", NAME)
WEBHOOK = ("MutatingWebhookConfiguration", NAME)
SERVICE = ("Service", NAME)
ACCOUNT = ("ServiceAccount", NAME)
POD = "spec/template/spec/"
CONTAINER = POD + "containers/0/"
MONITOR = {"metrics": {"serviceMonitor": {"enabled": True}, "trackerPodMonitor": {"enabled": True}}}
POLICY = {"networkPolicy": {"enabled": True}}
BUDGET = {"podDisruptionBudget": {"enabled": True}}
STALE = "time() - rowtide_tracker_checkpoint_timestamp_seconds > {} and rowtide_tracker_lag_seconds > 0 and rowtide_tracker_checkpoint_timestamp_seconds > 0"
RULE = {"prometheusRule": {"enabled": True}}
ALERTS = ("PrometheusRule", NAME)
BOARDS = {"dashboards": {"enabled": True}}
BOARD = ("ConfigMap", NAME + "-task")
DIGEST = "sha256:" + "a1" * 32
TOLERATION = {"key": "infra", "operator": "Exists", "effect": "NoSchedule"}
AFFINITY = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}}
SPREAD = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}
PEER = {"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}
EGRESS = {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 6443, "protocol": "TCP"}]}
PROBE = {"initialDelaySeconds": 7, "periodSeconds": 8, "timeoutSeconds": 9, "failureThreshold": 10}

# setting -> value, the object that changes, where in it, what then stands there ([]: there is no such object),
# and what else must be set for it.
SETTINGS = {
    "fullnameOverride": ("other", ("Deployment", "other"), "metadata/name", "other"),
    "commonLabels": ({"team": "data"}, SERVICE, "metadata/labels/team", "data"),
    "image.repository": ("reg.io/r", DEPLOYMENT, CONTAINER + "image", "reg.io/r:" + VERSION),
    "image.tag": ("9", DEPLOYMENT, CONTAINER + "image", "rowtide:9"),
    "image.digest": (DIGEST, DEPLOYMENT, CONTAINER + "image", "rowtide@" + DIGEST),
    "image.pullPolicy": ("Always", DEPLOYMENT, CONTAINER + "imagePullPolicy", "Always"),
    "imagePullSecrets": ([{"name": "reg"}], DEPLOYMENT, POD + "imagePullSecrets", [{"name": "reg"}]),
    "tracker.image": ("reg.io/t:1", DEPLOYMENT, CONTAINER + "env/0/value", "reg.io/t:1"),
    "watch.namespaces": (["shop"], ("Role", NAME), "metadata/namespace", "shop"),
    "replicas": (2, DEPLOYMENT, "spec/replicas", 2),
    "workers": (9, DEPLOYMENT, CONTAINER + "args/2", "--workers=9"),
    "maxConsumerGroupsPerTask": (9, DEPLOYMENT, CONTAINER + "args/3", "--max-consumer-groups-per-task=9"),
    "log.level": ("debug", DEPLOYMENT, CONTAINER + "args/0", "--log-level=debug"),
    "log.format": ("text", DEPLOYMENT, CONTAINER + "args/1", "--log-format=text"),
    "injection.enabled": (False, WEBHOOK, "", []),
    "injection.failurePolicy": ("Fail", WEBHOOK, "webhooks/0/failurePolicy", "Fail"),
    "crds.enabled": (False, CRD, "", []),
    "crds.keep": (False, CRD, "metadata/annotations", KeyError),
    "rbac.create": (False, ("ClusterRoleBinding", NAME), "", []),
    "rbac.aggregateToDefaultRoles": (False, ("ClusterRole", NAME + "-edit"), "", []),
    "serviceAccount.create": (False, ACCOUNT, "", []),
    "serviceAccount.name": ("acc", DEPLOYMENT, POD + "serviceAccountName", "acc"),
    "serviceAccount.annotations": ({"a": "b"}, ACCOUNT, "metadata/annotations/a", "b"),
    "resources": ({"limits": {"memory": "1Gi"}}, DEPLOYMENT, CONTAINER + "resources/limits/memory", "1Gi"),
    "podSecurityContext": ({"runAsUser": 7}, DEPLOYMENT, POD + "securityContext/runAsUser", 7),
    "securityContext": ({"runAsUser": 7}, DEPLOYMENT, CONTAINER + "securityContext/runAsUser", 7),
    "livenessProbe": (PROBE, DEPLOYMENT, CONTAINER + "livenessProbe", {"httpGet": {"path": "/healthz", "port": "http"}, **PROBE}),
    "readinessProbe": (PROBE, DEPLOYMENT, CONTAINER + "readinessProbe", {"httpGet": {"path": "/readyz", "port": "http"}, **PROBE}),
    "podLabels": ({"team": "data"}, DEPLOYMENT, "spec/template/metadata/labels/team", "data"),
    "podAnnotations": ({"a": "b"}, DEPLOYMENT, "spec/template/metadata/annotations/a", "b"),
    "nodeSelector": ({"disk": "ssd"}, DEPLOYMENT, POD + "nodeSelector", {"disk": "ssd"}),
    "tolerations": ([TOLERATION], DEPLOYMENT, POD + "tolerations", [TOLERATION]),
    "affinity": (AFFINITY, DEPLOYMENT, POD + "affinity", AFFINITY),
    "topologySpreadConstraints": ([SPREAD], DEPLOYMENT, POD + "topologySpreadConstraints", [SPREAD]),
    "priorityClassName": ("high", DEPLOYMENT, POD + "priorityClassName", "high"),
    "extraEnv": ([{"name": "A", "value": "b"}], DEPLOYMENT, CONTAINER + "env/2", {"name": "A", "value": "b"}),
    "extraArgs": (["--x=1"], DEPLOYMENT, CONTAINER + "args/9", "--x=1"),
    "service.port": (80, SERVICE, "spec/ports/0/port", 80),
    "service.annotations": ({"a": "b"}, SERVICE, "metadata/annotations/a", "b"),
    "metrics.scrapeAnnotations": (False, DEPLOYMENT, "spec/template/metadata/annotations", KeyError),
    "metrics.serviceMonitor.enabled": (True, ("ServiceMonitor", NAME), "spec/endpoints/0/port", "http"),
    "metrics.serviceMonitor.labels": ({"r": "p"}, ("ServiceMonitor", NAME), "metadata/labels/r", "p", MONITOR),
    "metrics.serviceMonitor.interval": ("30s", ("ServiceMonitor", NAME), "spec/endpoints/0/interval", "30s", MONITOR),
    "metrics.serviceMonitor.scrapeTimeout": ("5s", ("ServiceMonitor", NAME), "spec/endpoints/0/scrapeTimeout", "5s", MONITOR),
    "metrics.trackerPodMonitor.enabled": (True, ("PodMonitor", NAME + "-trackers"), "spec/namespaceSelector/any", True),
    "metrics.trackerPodMonitor.labels": ({"r": "p"}, ("PodMonitor", NAME + "-trackers"), "metadata/labels/r", "p", MONITOR),
    "metrics.trackerPodMonitor.interval": ("30s", ("PodMonitor", NAME + "-trackers"), "spec/podMetricsEndpoints/0/interval", "30s", MONITOR),
    "metrics.trackerPodMonitor.scrapeTimeout": ("5s", ("PodMonitor", NAME + "-trackers"), "spec/podMetricsEndpoints/0/scrapeTimeout", "5s", MONITOR),
    "prometheusRule.enabled": (True, ALERTS, "spec/groups/0/name", "rowtide-tasks"),
    "prometheusRule.labels": ({"r": "p"}, ALERTS, "metadata/labels/r", "p", RULE),
    "prometheusRule.runbookUrl": ("https://x/y", ALERTS, "spec/groups/0/rules/0/annotations/runbook_url", "https://x/y/RowtideTaskNotReady.md", RULE),
    "prometheusRule.lagSeconds": (7, ALERTS, "spec/groups/1/rules/2/expr", "rowtide_tracker_lag_seconds > 7", RULE),
    "prometheusRule.checkpointAgeSeconds": (7, ALERTS, "spec/groups/1/rules/3/expr", STALE.format(7), RULE),
    "prometheusRule.purgeHeadroomSeconds": (2592000, ALERTS, "spec/groups/1/rules/4/expr", "rowtide_tracker_binlog_purge_headroom_seconds < 2592000", RULE),
    "dashboards.enabled": (True, BOARD, "metadata/labels/grafana_dashboard", "1"),
    "dashboards.label": ("board", BOARD, "metadata/labels/board", "1", BOARDS),
    "dashboards.labelValue": ("yes", BOARD, "metadata/labels/grafana_dashboard", "yes", BOARDS),
    "dashboards.namespace": ("grafana", BOARD, "metadata/namespace", "grafana", BOARDS),
    "dashboards.annotations": ({"grafana_folder": "Rowtide"}, BOARD, "metadata/annotations/grafana_folder", "Rowtide", BOARDS),
    "podDisruptionBudget.enabled": (True, ("PodDisruptionBudget", NAME), "spec/maxUnavailable", 1),
    "podDisruptionBudget.maxUnavailable": (0, ("PodDisruptionBudget", NAME), "spec/maxUnavailable", 0, BUDGET),
    "networkPolicy.enabled": (True, ("NetworkPolicy", NAME), "spec/policyTypes", ["Ingress"]),
    "networkPolicy.ingressFrom": ([PEER], ("NetworkPolicy", NAME), "spec/ingress/0/from/0", PEER, POLICY),
    "networkPolicy.egress": ([EGRESS], ("NetworkPolicy", NAME), "spec/egress", [EGRESS], POLICY),
}

# A digest takes the place of a tag, a name that of the release's.
NOT_IN_EVERYTHING = {"image.digest", "fullnameOverride"}

# A value that must be refused, and a word of the refusal.
REFUSED = {
    "an unknown key": ({"replica": 3}, "replica"),
    "an unknown key deep down": ({"metrics": {"serviceMonitor": {"on": True}}}, "on"),
    "a misspelt key of an image": ({"image": {"repo": "x"}}, "repo"),
    "an unknown key of a list": ({"tolerations": [{"keyy": "x"}]}, "keyy"),
    "a text for a switch": ({"crds": {"keep": "yes"}}, "keep"),
    "too many workers": ({"workers": 65}, "65"),
    "a level nobody knows": ({"log": {"level": "trace"}}, "level"),
    "a digest that is none": ({"image": {"digest": "abc"}}, "digest"),
    "a namespace that is none": ({"watch": {"namespaces": ["shop", "a b"]}}, "/watch/namespaces/1"),
    "a namespace without a name": ({"watch": {"namespaces": [""]}}, "/watch/namespaces/0"),
    "a namespace twice": ({"watch": {"namespaces": ["shop", "bank", "shop"]}}, "/watch/namespaces"),
    "one namespace that is no list": ({"watch": {"namespaces": "shop"}}, "/watch/namespaces"),
    "the former setting of one namespace": ({"watch": {"namespace": "shop"}}, "'namespace' not allowed"),
    "an argument that is no option": ({"extraArgs": ["serve"]}, "extraArgs"),
    "a threshold that is no number": ({"prometheusRule": {"lagSeconds": "1m"}}, "lagSeconds"),
    "a misspelt key of the dashboards": ({"dashboards": {"folder": "x"}}, "folder"),
    "a port that is none": ({"service": {"port": 70000}}, "/service/port"),
    "a name that no Service may have": ({"fullnameOverride": "1e3"}, "/fullnameOverride"),
}


def leaves():
    """Paths of all settings of values.yaml."""
    with open(CHART / "values.yaml", encoding="utf-8") as file:
        values = yaml.safe_load(file)

    def walk(value, path):
        if path in BLOCKS or not isinstance(value, dict) or not value:
            yield path
        else:
            for key, inner in value.items():
                yield from walk(inner, f"{path}.{key}" if path else key)

    yield from walk(values, "")


# Settings whose default is an object.
BLOCKS = {"resources", "podSecurityContext", "securityContext", "livenessProbe", "readinessProbe"}


def merged(left, right):
    both = dict(left)
    for key, value in right.items():
        both[key] = merged(both[key], value) if isinstance(both.get(key), dict) and isinstance(value, dict) else value
    return both


class Settings(unittest.TestCase):
    """One test for each line of SETTINGS."""


class Refused(unittest.TestCase):
    """One test for each line of REFUSED."""


@functools.cache
def rendered_before(values):
    return render(json.loads(values))


def setting_test(path, value, key, where, expected, also=None):
    def test(self):
        before = rendered_before(json.dumps(also))
        after = render(merged(also or {}, nested(path, value)))
        self.assertNotEqual(before, after, "it changes nothing")
        if expected == []:
            self.assertIn(key, before)
            self.assertNotIn(key, after)
        elif expected is KeyError:
            at(before[key], where)
            with self.assertRaises(KeyError):
                at(after[key], where)
        else:
            self.assertEqual(at(after[key], where), expected)

    return test


def refused_test(values, word):
    def test(self):
        result = template(values)
        self.assertNotEqual(result.returncode, 0, "it was accepted")
        self.assertIn("values don't meet the specifications of the schema", result.stderr)
        self.assertIn(word, result.stderr)

    return test


for setting, line in SETTINGS.items():
    setattr(Settings, "test_" + setting, setting_test(setting, *line))
for what, line in REFUSED.items():
    setattr(Refused, "test_" + what.replace(" ", "_"), refused_test(*line))


class Chart(unittest.TestCase):
    def test_lint(self):
        result = helm("lint", "--strict", str(CHART))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertNotIn("[WARNING]", result.stdout + result.stderr)

    def test_every_setting_has_a_test(self):
        self.assertEqual(sorted(leaves()), sorted(SETTINGS))

    def test_everything_sets_what_is_empty_or_off(self):
        """Which the end to end tests hand to a real API server; it has no Prometheus Operator."""
        everything = yaml.safe_load((ROOT / "tests" / "helm" / "everything.yaml").read_text(encoding="utf-8"))
        defaults = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
        for path in leaves():
            if not at(defaults, path.replace(".", "/")) and not path.startswith(("metrics.", "prometheusRule.")) and path not in NOT_IN_EVERYTHING:
                self.assertTrue(at(everything, path.replace(".", "/")), path)

    def test_the_schema_is_closed(self):
        """No object but those that hand on what Kubernetes or a user names takes keys it does not know."""
        schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))

        def walk(node, path):
            if isinstance(node, dict):
                if "properties" in node and node.get("type") == "object":
                    self.assertIs(node.get("additionalProperties"), False, path)
                for key, inner in node.items():
                    walk(inner, f"{path}/{key}")

        walk(schema, "")

    def test_defaults_make_no_optional_objects(self):
        kinds = sorted({kind for kind, _ in render()})
        self.assertEqual(
            kinds,
            ["ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Deployment", "MutatingWebhookConfiguration", "Pod", "Role", "RoleBinding", "Service", "ServiceAccount"],
        )

    def test_the_crds_are_the_repositorys(self):
        paths = sorted((ROOT / "crds").glob("*.yaml"))
        self.assertEqual(len(paths), 2)
        rendered = render()
        for path in paths:
            source = yaml.safe_load(path.read_text(encoding="utf-8"))
            made = rendered[("CustomResourceDefinition", source["metadata"]["name"])]
            self.assertEqual(made["spec"], source["spec"])
            self.assertEqual(made["metadata"]["annotations"], {"helm.sh/resource-policy": "keep"})

    def test_the_pod_fits_pod_security_restricted(self):
        for key in (DEPLOYMENT, ("Pod", NAME + "-test")):
            pod = render()[key]["spec"]
            pod = pod["template"]["spec"] if "template" in pod else pod
            self.assertTrue(pod["securityContext"]["runAsNonRoot"])
            self.assertEqual(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault")
            for container in pod["containers"]:
                self.assertFalse(container["securityContext"]["allowPrivilegeEscalation"])
                self.assertEqual(container["securityContext"]["capabilities"], {"drop": ["ALL"]})

    def test_the_image_says_the_user_and_the_platform_may_choose_another(self):
        """OpenShift refuses a user that is not of the namespace's range; the kubelet wants a number of an image that is not to run as root."""
        user, group = re.search(r"^USER (\d+):(\d+)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.M).groups()
        self.assertNotIn("0", (user, group))
        for key, where in ((DEPLOYMENT, POD), (("Pod", NAME + "-test"), "spec/")):
            pod = at(render()[key], where.rstrip("/"))
            self.assertEqual(pod["securityContext"], {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}})
            for container in pod["containers"]:
                self.assertFalse({"runAsUser", "runAsGroup"} & container["securityContext"].keys())

    def test_listed_namespaces_need_no_permission_elsewhere(self):
        rules = render()[("ClusterRole", NAME)]["rules"]
        for namespaces in (["shop"], ["shop", "bank"], ["shop", "123", "rowtide-system"]):
            objects = documents(template({"watch": {"namespaces": namespaces}}).stdout)
            (operator,) = [one for one in objects if one["kind"] == "Deployment"]
            arguments = [one for one in at(operator, CONTAINER + "args") if one.startswith("--namespace")]
            self.assertEqual(arguments, [f"--namespace={one}" for one in namespaces])
            roles, bindings = ([one for one in objects if one["kind"] == kind and one["metadata"]["name"] == NAME] for kind in ("Role", "RoleBinding"))
            self.assertEqual([one["metadata"]["namespace"] for one in roles], namespaces)
            self.assertEqual([one["metadata"]["namespace"] for one in bindings], namespaces)
            for role, binding in zip(roles, bindings):
                self.assertEqual(role["rules"], rules)
                self.assertEqual(binding["roleRef"], {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": NAME})
                self.assertEqual(binding["subjects"], [{"kind": "ServiceAccount", "name": NAME, "namespace": "rowtide-system"}])
            kinds = {one["kind"] for one in objects}
            self.assertNotIn("ClusterRoleBinding", kinds)
            self.assertNotIn("MutatingWebhookConfiguration", kinds, "its permission is more than those of namespaces")
            self.assertEqual({one["metadata"]["name"] for one in objects if one["kind"] == "ClusterRole"}, {NAME + "-edit", NAME + "-view"})

    def test_no_listed_namespaces_are_all(self):
        objects = render({"watch": {"namespaces": []}})
        self.assertEqual(objects, render())
        self.assertIn(("ClusterRoleBinding", NAME), objects)
        self.assertNotIn(("Role", NAME), objects)
        self.assertEqual([one for one in at(objects[DEPLOYMENT], CONTAINER + "args") if "namespace" in one], [])

    def test_the_webhooks_permission_is_on_its_own_configuration(self):
        objects = render({"watch": {"namespaces": ["shop"]}, "injection": {"enabled": True}})
        self.assertEqual(
            objects[("ClusterRole", NAME + "-webhook")]["rules"],
            [{"apiGroups": ["admissionregistration.k8s.io"], "resources": ["mutatingwebhookconfigurations"], "resourceNames": [NAME], "verbs": ["get", "patch"]}],
        )

    def test_the_webhook_asks_of_labelled_namespaces_only_and_stops_nobody(self):
        for namespaces in ([], ["shop"], ["shop", "bank"]):
            objects = render({"watch": {"namespaces": namespaces}, "injection": {"enabled": True}})
            listed = {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": namespaces}]} if namespaces else {}
            (webhook,) = objects[WEBHOOK]["webhooks"]
            self.assertEqual(webhook["failurePolicy"], "Ignore")
            self.assertEqual(webhook["namespaceSelector"], {"matchLabels": {"rowtide.dev/injection": "enabled"}, **listed})
            service = webhook["clientConfig"]["service"]
            self.assertIn(("Service", service["name"]), objects)
            self.assertIn(f"--inject-host={service['name']}.rowtide-system.svc", at(objects[DEPLOYMENT], CONTAINER + "args"))
            self.assertNotIn("caBundle", webhook["clientConfig"], "an upgrade would take the operators' away")

    def test_the_network_policy_lets_the_api_server_in(self):
        ingress = render(merged(POLICY, {"networkPolicy": {"ingressFrom": [PEER]}}))[("NetworkPolicy", NAME)]["spec"]["ingress"]
        self.assertEqual(ingress[1], {"ports": [{"port": "webhook", "protocol": "TCP"}]})

    def test_the_network_policy_lets_the_release_s_own_test_in(self):
        for values in ({}, {"commonLabels": {"app.kubernetes.io/name": "x", "app.kubernetes.io/instance": "y"}, "podLabels": {"a": "b"}}):
            objects = render(merged(merged(POLICY, {"networkPolicy": {"ingressFrom": [PEER]}}), values), release="mine")
            name = "mine-" + NAME
            peer = objects[("NetworkPolicy", name)]["spec"]["ingress"][0]["from"][1]
            self.assertEqual(list(peer), ["podSelector"], "in no other namespace")
            selector, tested = peer["podSelector"]["matchLabels"], objects[("Pod", name + "-test")]["metadata"]["labels"]
            self.assertEqual(selector["app.kubernetes.io/instance"], "mine")
            self.assertLessEqual(selector.items(), tested.items())
            service = objects[("Service", name)]["spec"]["selector"]
            self.assertFalse(service.items() <= tested.items(), "the Service would hand requests to it")
        self.assertNotIn("from", render(POLICY)[("NetworkPolicy", NAME)]["spec"]["ingress"][0], "everybody may")

    def test_the_release_s_own_test_reaches_the_operator_where_egress_is_denied(self):
        objects = render(POLICY, release="mine")
        name = "mine-" + NAME
        policy = objects[("NetworkPolicy", name + "-test")]["spec"]
        tested = objects[("Pod", name + "-test")]["metadata"]["labels"]
        operator = at(objects[("Deployment", name)], "spec/template/metadata/labels")
        self.assertLessEqual(policy["podSelector"]["matchLabels"].items(), tested.items())
        self.assertFalse(policy["podSelector"]["matchLabels"].items() <= operator.items(), "it is the operator's as well")
        self.assertEqual((policy["policyTypes"], "ingress" in policy), (["Ingress", "Egress"], False))
        names, reached = policy["egress"]
        self.assertEqual(list(names), ["ports"], "servers of names are anywhere")
        self.assertLessEqual({("UDP", 53), ("TCP", 53)}, {(one["protocol"], one["port"]) for one in names["ports"]})
        (peer,) = reached["to"]
        self.assertEqual(list(peer), ["podSelector"], "in no other namespace")
        self.assertLessEqual(peer["podSelector"]["matchLabels"].items(), operator.items())
        self.assertEqual(reached["ports"], [{"port": "http", "protocol": "TCP"}])
        self.assertEqual([key for key in render() if key[0] == "NetworkPolicy"], [])

    def test_the_release_s_own_test_runs_where_the_operator_may(self):
        apart = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "zone", "labelSelector": {}}]}}
        placed = {"nodeSelector": {"disk": "ssd"}, "tolerations": [TOLERATION], "priorityClassName": "high"}
        pod = render({**placed, "affinity": {**AFFINITY, **apart}})[("Pod", NAME + "-test")]["spec"]
        self.assertEqual({key: pod[key] for key in placed}, placed)
        self.assertEqual(pod["affinity"], AFFINITY, "apart from the operator there may be no node for it")
        for values in ({}, {"affinity": apart}):
            pod = render(values)[("Pod", NAME + "-test")]["spec"]
            self.assertEqual({"affinity", "priorityClassName"} & pod.keys(), set())

    def test_every_object_has_the_labels_of_all_and_the_chart_s(self):
        everything = functools.reduce(merged, (MONITOR, RULE, BOARDS, BUDGET, POLICY, {"commonLabels": {"team": "data"}}))
        for values in ({}, {"watch": {"namespaces": ["shop", "bank"]}, "injection": {"enabled": True}}):
            text = template(merged(everything, values)).stdout
            files = {str(path.relative_to(CHART)) for path in (CHART / "templates").rglob("*.yaml")}
            self.assertEqual(set(re.findall(r"^# Source: rowtide/(.*)$", text, flags=re.M)), files, "a template that makes nothing is not looked at")
            for one in documents(text):
                what = f"{one['kind']} {one['metadata']['name']}"
                for found in labels(one):
                    self.assertEqual((found.get("team"), found.get("app.kubernetes.io/instance")), ("data", "rowtide"), what)
                self.assertEqual(one["metadata"]["labels"].get("app.kubernetes.io/part-of"), "rowtide", what)
                self.assertEqual(one["metadata"]["labels"].get("helm.sh/chart"), f"rowtide-{VERSION}", what)

    def test_without_an_account_of_its_own_it_is_the_default_one(self):
        for values, name in (({"create": False}, "default"), ({"create": False, "name": "acc"}, "acc"), ({}, NAME)):
            objects = render({"serviceAccount": values})
            self.assertEqual([one for one in objects if one[0] == "ServiceAccount"], [] if values else [ACCOUNT])
            self.assertEqual(at(objects[DEPLOYMENT], POD + "serviceAccountName"), name)
            subject = {"kind": "ServiceAccount", "name": name, "namespace": "rowtide-system"}
            bindings = {key[1]: one["subjects"] for key, one in objects.items() if key[0].endswith("Binding")}
            self.assertEqual(bindings, {NAME + part: [subject] for part in ("", "-leader", "-webhook")})

    def test_without_rbac_there_is_no_role_at_all(self):
        """Nor the leader's, nor the webhook's; those that are added to the cluster's own are another setting's."""
        for values in ({}, {"watch": {"namespaces": ["shop"]}, "injection": {"enabled": True}}):
            found = {name for (kind, name), one in render(merged(values, {"rbac": {"create": False}})).items() if "rbac.authorization" in one["apiVersion"]}
            self.assertEqual(found, {NAME + "-view", NAME + "-edit"})
            none = render(merged(values, {"rbac": {"create": False, "aggregateToDefaultRoles": False}})).values()
            self.assertEqual([one for one in none if "rbac.authorization" in one["apiVersion"]], [])

    def test_one_image_is_that_of_all(self):
        for values in ({"digest": DIGEST, "tag": "9"}, {"tag": "9"}, {"repository": "reg.io/r"}):
            objects = render({"image": values})
            image = at(objects[DEPLOYMENT], CONTAINER + "image")
            self.assertEqual(image, {"digest": "rowtide@" + DIGEST, "tag": "rowtide:9", "repository": "reg.io/r:" + VERSION}[next(iter(values))])
            self.assertEqual(at(objects[DEPLOYMENT], CONTAINER + "env/0"), {"name": "ROWTIDE_TRACKER_IMAGE", "value": image})
            self.assertEqual(at(objects[("Pod", NAME + "-test")], "spec/containers/0/image"), image)

    def test_every_word_that_the_schema_takes_is_handed_on(self):
        schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))["properties"]
        for path, where, shown in (
            ("log.level", CONTAINER + "args/0", "--log-level={}"),
            ("log.format", CONTAINER + "args/1", "--log-format={}"),
            ("image.pullPolicy", CONTAINER + "imagePullPolicy", "{}"),
        ):
            words = at(schema, path.replace(".", "/properties/"))["enum"]
            self.assertGreater(len(words), 1)
            for word in words:
                objects = render(nested(path, word))
                self.assertEqual(at(objects[DEPLOYMENT], where), shown.format(word))
                if path == "image.pullPolicy":
                    self.assertEqual(at(objects[("Pod", NAME + "-test")], "spec/containers/0/imagePullPolicy"), word)

    def test_no_operators_are_none_and_not_the_server_s_default(self):
        self.assertEqual(at(render({"replicas": 0})[DEPLOYMENT], "spec/replicas"), 0)

    def test_what_a_catalogue_shows_is_the_repositorys(self):
        notes = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))["annotations"]
        definitions = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "crds").glob("*.yaml"))]
        known = {one["metadata"]["name"]: (one["spec"]["names"]["kind"], {one["name"] for one in one["spec"]["versions"] if one["served"]}, one["spec"]["group"]) for one in definitions}
        shown = yaml.safe_load(notes["artifacthub.io/crds"])
        self.assertEqual([one["name"] for one in shown], sorted(known))
        for one in shown:
            self.assertEqual(sorted(one), ["description", "displayName", "kind", "name", "version"])
            self.assertTrue(all(one.values()), one)
            kind, versions, _ = known[one["name"]]
            self.assertEqual(one["kind"], kind)
            self.assertIn(one["version"], versions)
        examples = yaml.safe_load(notes["artifacthub.io/crdsExamples"])
        self.assertEqual([one["kind"] for one in examples], [kind for kind, _, _ in known.values()])
        for one in examples:
            self.assertIn(one["apiVersion"], {f"{group}/{version}" for _, versions, group in known.values() for version in versions})
        levels = ("Basic Install", "Seamless Upgrades", "Full Lifecycle", "Deep Insights", "Auto Pilot")
        self.assertIn(notes["artifacthub.io/operatorCapabilities"], levels)
        self.assertIn("Apache License", (ROOT / "LICENSE").read_text(encoding="utf-8"))
        self.assertEqual(notes["artifacthub.io/license"], "Apache-2.0")

    def test_prometheus_finds_trackers_in_pods_of_applications(self):
        settings = merged(MONITOR, {"metrics": {"trackerPodMonitor": {"interval": "30s", "scrapeTimeout": "5s", "labels": {"r": "p"}}}})
        objects = render(settings)
        trackers, sidecars = (objects["PodMonitor", f"{NAME}-{part}"] for part in ("trackers", "sidecars"))
        self.assertEqual(sidecars["metadata"]["labels"], trackers["metadata"]["labels"])
        self.assertEqual(sidecars["spec"]["namespaceSelector"], trackers["spec"]["namespaceSelector"])
        self.assertEqual(sidecars["spec"]["podMetricsEndpoints"], [{"port": "rowtide-status", "honorLabels": True, "interval": "30s", "scrapeTimeout": "5s"}])
        self.assertEqual(sidecars["spec"]["selector"], {"matchExpressions": [
            {"key": "rowtide.dev/task", "operator": "Exists"},
            {"key": "app.kubernetes.io/managed-by", "operator": "NotIn", "values": ["rowtide-operator"]}]})
        listed = render(merged(MONITOR, {"watch": {"namespaces": ["shop", "bank"]}}))
        for part in ("trackers", "sidecars"):
            self.assertEqual(listed["PodMonitor", f"{NAME}-{part}"]["spec"]["namespaceSelector"], {"matchNames": ["shop", "bank"]})
        self.assertNotIn(("PodMonitor", f"{NAME}-sidecars"), render())

    def test_no_secrets_in_any_role(self):
        for (kind, _), one in render().items():
            if kind.endswith("Role"):
                for rule in one["rules"]:
                    self.assertNotIn("secrets", rule["resources"])
                    self.assertNotIn("*", rule["resources"] + rule["verbs"] + rule["apiGroups"])

    def test_selectors_find_the_pod_whatever_is_set(self):
        values = {"commonLabels": {"app.kubernetes.io/name": "x"}, "podLabels": {"app.kubernetes.io/instance": "y"}}
        for values in ({}, values):
            objects = render(merged(merged(MONITOR, BUDGET), merged(POLICY, values)))
            labels = at(objects[DEPLOYMENT], "spec/template/metadata/labels")
            for key, where in (
                (DEPLOYMENT, "spec/selector/matchLabels"),
                (SERVICE, "spec/selector"),
                (("PodDisruptionBudget", NAME), "spec/selector/matchLabels"),
                (("NetworkPolicy", NAME), "spec/podSelector/matchLabels"),
            ):
                selector = at(objects[key], where)
                self.assertTrue(selector and selector.items() <= labels.items(), (key, selector, labels))
            service_labels = objects[SERVICE]["metadata"]["labels"]
            self.assertLessEqual(
                at(objects[("ServiceMonitor", NAME)], "spec/selector/matchLabels").items(), service_labels.items()
            )

    def test_labels_are_each_there_once(self):
        """A YAML reader takes the last of two equal keys, the API server refuses them."""
        for values in ({}, {"commonLabels": {"app.kubernetes.io/part-of": "shop"}}):
            for block in re.split(r"^---$", template(values).stdout, flags=re.M):
                keys = re.findall(r"^    ([a-z./-]+): ", block.partition("\nspec:")[0], flags=re.M)
                if "kind: CustomResourceDefinition" not in block and "\nrules:" not in block:
                    self.assertEqual(len(keys), len(set(keys)), block)

    def test_names_follow_the_release(self):
        self.assertIn(("Deployment", "rowtide-operator"), render())
        self.assertIn(("Deployment", "my-rowtide-operator"), render(release="my"))
        for kind, name in render(release="a" * 53):
            self.assertLessEqual(len(name), 253 if "Role" in kind or kind.startswith("Custom") else 63, (kind, name))

    def test_names_that_look_like_something_else_are_texts(self):
        everything = functools.reduce(merged, (MONITOR, RULE, BOARDS, BUDGET, POLICY, {"injection": {"enabled": True}}))

        def places(name, other, **how):
            named = {"fullnameOverride": other, "serviceAccount": {"name": name}, "priorityClassName": name, "watch": {"namespaces": [name]}}
            result = template(merged(everything, named), **how)
            self.assertEqual(result.returncode, 0, result.stderr)
            return [set(texts(one)) for one in documents(result.stdout)]

        wanted = places("shop", "other")
        for name, other in (("123", "true"), ("12e45", "null"), ("0x1f", "yes"), ("false", "off")):
            for found, texts_wanted in zip(places(name, other, release=name, namespace=name), wanted, strict=True):
                self.assertEqual(found, texts_wanted)

    def test_a_default_may_be_dropped(self):
        result = template({"affinity": None, "fullnameOverride": None, "nodeSelector": None, "tolerations": None, "priorityClassName": None})
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_a_release_whose_name_makes_none_for_a_service_is_told_so(self):
        for release in ("1", "a.b"):
            result = template(release=release)
            self.assertNotEqual(result.returncode, 0, release)
            self.assertIn(f'"{release}-rowtide-operator" is no name for a Service', result.stderr)
            self.assertIn("fullnameOverride", result.stderr)
            self.assertIn(("Service", "other"), render({"fullnameOverride": "other"}, release=release))

    def test_it_can_be_a_dependency_of_another_chart(self):
        with tempfile.TemporaryDirectory() as folder:
            outer = pathlib.Path(folder) / "outer"
            (outer / "charts").mkdir(parents=True)
            (outer / "charts" / "rowtide").symlink_to(CHART)
            (outer / "Chart.yaml").write_text("apiVersion: v2\nname: outer\nversion: 1.0.0\n", encoding="utf-8")
            objects = render({"global": {"a": 1}, "rowtide": {"workers": 2}}, chart=outer)
            self.assertIn("--workers=2", at(objects[DEPLOYMENT], CONTAINER + "args"))

    def test_kubernetes_before_1_31_is_refused(self):
        result = helm("template", "rowtide", str(CHART), "--kube-version", "1.30")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("incompatible", result.stderr)

    def test_versions_are_the_programs(self):
        chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
        self.assertEqual((chart["version"], chart["appVersion"]), (VERSION, VERSION))

    def test_notes_say_the_next_commands(self):
        def notes(values):
            with tempfile.TemporaryDirectory() as folder:
                chart = pathlib.Path(shutil.copytree(CHART, pathlib.Path(folder) / "rowtide"))
                shutil.copy(chart / "templates" / "NOTES.txt", chart / "notes")
                # `helm template` leaves the notes out.
                shown = '{"kind": "Notes", "metadata": {"name": "n"}, "text": {{ tpl (.Files.Get "notes") . | toJson }}}'
                (chart / "templates" / "notes.yaml").write_text(shown, encoding="utf-8")
                return render(values, chart=chart)[("Notes", "n")]["text"]

        self.assertIn("rollout status deployment/rowtide-operator", notes({}))
        self.assertNotIn("WARNING", notes({}))
        self.assertIn("create namespace shop", notes({}))
        listed = notes({"watch": {"namespaces": ["bank", "shop"]}})
        self.assertIn("of namespace bank, shop", listed)
        self.assertIn('namespace: "bank"}', listed)
        self.assertNotIn("create namespace", listed)
        self.assertIn("deletes the definition", notes({"crds": {"keep": False}}))
        self.assertIn("not part of this release", notes({"crds": {"enabled": False}}))

    def test_the_static_manifest_has_its_namespace_and_no_test_pod(self):
        objects = documents((ROOT / "helm" / "rowtide.yaml").read_text(encoding="utf-8"))
        kinds = [one["kind"] for one in objects]
        self.assertEqual(kinds[0], "Namespace")
        self.assertIn("CustomResourceDefinition", kinds)
        self.assertNotIn("Pod", kinds)
        for one in objects:
            self.assertNotIn("helm", json.dumps(one["metadata"]).lower())


if __name__ == "__main__":
    HELM = sys.argv[1]
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    outcome = unittest.TextTestRunner(stream=sys.stderr, verbosity=0).run(suite)
    failed = len(outcome.failures) + len(outcome.errors)
    print(outcome.testsRun - failed, failed)
