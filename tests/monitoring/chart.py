"""What the chart says about monitoring, as its tests need it."""

import json
import math
import pathlib
import re
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "rowtide"
SWITCHES = (
    "prometheusRule.enabled=true,dashboards.enabled=true,metrics.serviceMonitor.enabled=true,metrics.trackerPodMonitor.enabled=true"
)
# Metrics of others: without Kubernetes nobody has them.
OF_KUBERNETES = re.compile(r"\b(kube|container)_[a-z_]+\{")


def rendered(helm, *settings):
    """kind -> objects, of the chart with everything that monitors, and other settings ("prometheusRule.lagSeconds=1")."""
    command = [helm, "template", "rowtide", str(CHART), "--kube-version", "1.33", "--set", ",".join((SWITCHES, *settings))]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    kinds = {}
    for one in yaml.safe_load_all(text):
        if one:
            kinds.setdefault(one["kind"], []).append(one)
    return kinds


def rules(helm, *settings):
    """The PrometheusRule as Prometheus reads it: {"groups": ...}."""
    (rule,) = rendered(helm, *settings)["PrometheusRule"]
    return rule["spec"]


def dashboards(helm):
    """Name -> dashboard, as the ConfigMaps hand them to Grafana."""
    found = {}
    for one in rendered(helm)["ConfigMap"]:
        for text in one["data"].values():
            found[one["metadata"]["name"].rpartition("-")[2]] = json.loads(text)
    return found


def panels(dashboard):
    return [one for one in dashboard["panels"] if one["type"] != "row"]


def replaced(text, variables):
    """A query with Grafana's variables. Longest name first: $namespace is no beginning of another's."""
    for name in sorted(variables, key=len, reverse=True):
        text = text.replace("$" + name, variables[name])
    return text


def number_of_series(answer):
    """Those with a number, of Prometheus' answer."""
    return sum(not math.isnan(float(one["value"][1])) for one in answer["result"])
