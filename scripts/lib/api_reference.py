"""The API's reference: `api_reference.py CRD...` prints a page of every field of every kind as Markdown.

An object with fields is a table of its own, in the order of the definition. A field without a description fails.
"""

import sys

import yaml

INTRODUCTION = """# The API

Made of `crds/` by `scripts/reference.sh`; do not edit. The same texts: `kubectl explain {short}.spec`.

A field in bold is required within its object. kubectl and `rowtide-tracker` refuse unknown fields.
"""

KIND = """
# {kind}

    apiVersion: {group}/{version}
    kind: {kind}

Short name `{short}`.
"""

NOTES = {"ChangeTrackingTask": """
A task file for `rowtide-tracker run` without Kubernetes may also hold `spec.source.credentials` and
`spec.sink.kafka.security.credentials` (`username`, and `password` as `${env:NAME}`) in place of the references to Secrets, and
`spec.sink.stdout` (`format`, `debezium`) or [`spec.sink.stream`](../stream.md) in place of `spec.sink.kafka`; `spec.tracker` has no effect there, which is said.
""",
         "ConsumerGroup": """
A file for `rowtide-tracker run --groups` without Kubernetes holds the same, several with `---` between them.
"""}


def cell(text):
    return " ".join(str(text).split()).replace("|", "\\|")


def code(value):
    if isinstance(value, bool):
        value = str(value).lower()
    return "`%s`" % ('""' if value == "" else "{}" if value == {} else value)


def type_of(schema):
    if schema["type"] == "array":
        return "list of " + type_of(schema["items"]).replace("string", "strings").replace("object", "objects")
    if schema["type"] == "object" and isinstance(schema.get("additionalProperties"), dict):
        return "map of strings"
    return {"date-time": "time, RFC 3339"}.get(schema.get("format"), schema["type"])


def size(schema, low, high, unit):
    least, most = schema.get(low), schema.get(high)
    if least is not None and most is not None:
        return f"{least} to {most}{unit}" if least != most else f"{least}{unit}"
    if most is not None:
        return f"at most {most}{unit}"
    return f"at least {least}{unit}" if least is not None else ""


def allowed(schema):
    inner = schema.get("items", {})
    parts = [", ".join(code(value) for value in schema.get("enum", inner.get("enum", [])))]
    parts.append(size(schema, "minimum", "maximum", ""))
    parts.append(size(schema, "minLength", "maxLength", " characters"))
    parts.append(size(schema, "minItems", "maxItems", " entries"))
    parts.append("each " + size(inner, "minLength", "maxLength", " characters") if "maxLength" in inner else "")
    for pattern in (schema.get("pattern"), inner.get("pattern")):
        parts.append(code(pattern) if pattern else "")
    return "; ".join(part for part in parts if part)


def rules(schema):
    return [rule["message"] for rule in schema.get("x-kubernetes-validations", [])]


class Page:
    """One kind. `prefix` keeps the headings of several apart."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.lines = []
        self.silent = []

    def table(self, path, schema):
        """One object's fields, then those of the objects in it."""
        fields = schema["properties"]
        self.lines += ["", f"## {self.prefix}{path}", ""]
        if schema.get("description"):
            self.lines += [cell(schema["description"]), ""]
        self.lines += ["| field | type | default | allowed | what it is |", "|---|---|---|---|---|"]
        inside = []
        for name, field in fields.items():
            target = field.get("items", field)
            inner = f"{path}.{name}" + ("[]" if "items" in field else "")
            if not field.get("description"):
                self.silent.append(inner)
            shown = f"**`{name}`**" if name in schema.get("required", []) else f"`{name}`"
            kind = type_of(field)
            if target.get("properties"):
                inside.append((inner, target))
                kind = f"[{kind}](#{anchor(self.prefix + inner)})"
            default = code(field["default"]) if "default" in field else ""
            text = cell(field.get("description", ""))
            text += "".join(f" Rule: {cell(rule)}." for rule in rules(field) if not target.get("properties"))
            self.lines.append(f"| {shown} | {kind} | {default} | {cell(allowed(field))} | {text} |")
        if rules(schema):
            self.lines += ["", "Rules:", ""] + [f"- {cell(rule)}" for rule in rules(schema)]
        for inner, target in inside:
            self.table(inner, target)


def anchor(heading):
    return "".join(c for c in heading.lower().replace(" ", "-") if c.isalnum() or c in "_-")


def print_kind(path, crd, prefix):
    names, version = crd["spec"]["names"], crd["spec"]["versions"][0]
    page = Page(prefix)
    root = version["schema"]["openAPIV3Schema"]
    for part in ("spec", "status"):
        page.table(part, root["properties"][part])
    if page.silent:
        sys.exit(f"{path}: a description is missing at {', '.join(page.silent)}")
    facts = {"group": crd["spec"]["group"], "version": version["name"], "kind": names["kind"], "short": names["shortNames"][0]}
    if not prefix:
        print(INTRODUCTION.format(**facts), end="")
    print(KIND.format(**facts) + NOTES[names["kind"]], end="")
    if rules(root):
        print("\nOf the whole:\n\n" + "\n".join(f"- {cell(rule)}" for rule in rules(root)))
    print("\n".join(page.lines))


def main():
    for number, path in enumerate(sys.argv[1:]):
        with open(path, encoding="utf-8") as file:
            crd = yaml.safe_load(file)
        print_kind(path, crd, "" if number == 0 else crd["spec"]["names"]["kind"] + " ")


main()
