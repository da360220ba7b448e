"""The metrics' reference: `metrics_reference.py TRACKER_CPP OPERATOR_CPP` prints a page of every metric as Markdown.

Read from where each family is added to the page that Prometheus scrapes: a call with a name and a help as literals. A label is
a literal followed by a value in braces, in the call or straight before it; `name` and the like stand for the labels of their
last definition. A family that cannot be read so fails.
"""

import re
import sys

LITERAL = r'"(?:[^"\\]|\\.)*"'
FAMILY = re.compile(
    r"families\s*\.\s*(?:(counter|gauge|process_gauge|group_gauge|reader_gauge|reader_counter|histogram)\(|add\(\s*MetricType::(\w+),)\s*"
    rf"({LITERAL}),\s*({LITERAL}(?:\s*{LITERAL})*)\s*(?=[,)])")
LABEL = re.compile(rf'\{{\s*"(\w+)",\s*("(\w+)"|[^"}}]+)')
NAMED = re.compile(r"(?:Labels|ClientMetric::Label) (\w+)\s*\{")

INTRODUCTION = """# Metrics

Made of the code by `scripts/reference.sh`; do not edit. Both programs serve `GET /metrics` on port 8080 in Prometheus' text format. What
the dashboards and alerts make of them: [monitoring](../monitoring.md).
"""

TRACKER = """
## Tracker

Every series has the labels `namespace` and `task`. A gauge whose value is not known is not there.
"""

OPERATOR = """
## Operator

The first ones are controller-runtime's, by its names. `namespace` and `name` are a task's.
"""


def text_of(literals):
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals)).replace('\\"', '"').replace("|", "\\|")


def end_of_statement(code, begin):
    """Behind the ';' that ends the statement with `begin` in it."""
    depth = 0
    for at in range(begin, len(code)):
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(code[at], 0)
        if code[at] == ";" and depth <= 0:
            return at + 1
    return len(code)


def labels_of(part, named):
    """{label: [values that are told]}, in order."""
    labels = {}
    for name, known in named.items():
        if re.search(rf"[,{{=]\s*{name}\s*[,}});]", part):
            for label in known:
                labels.setdefault(label, [])
    for label, _, value in LABEL.findall(part):
        told = labels.setdefault(label, [])
        if value and value not in told:
            told.append(value)
    return labels


def families(path, prefix):
    """(name, type, labels, help) of each family of one file."""
    with open(path, encoding="utf-8") as file:
        code = file.read()
    code = code[code.index("\nvoid add_info(") if prefix else code.index("void add_reconciles"):]
    found = list(FAMILY.finditer(code))
    calls = len(re.findall(r"families\s*\.\s*(?:counter|gauge|process_gauge|group_gauge|reader_gauge|reader_counter|histogram|add)\(", code))
    if not found or len(found) != calls:
        sys.exit(f"{path}: {calls} families are added, {len(found)} of them could be read; see {sys.argv[0]}")
    begin = 0
    for family in found:
        function = code.rfind("\nvoid ", 0, family.start())
        named = {}
        for definition in NAMED.finditer(code, max(function, 0), family.start()):
            named[definition[1]] = list(labels_of(code[definition.start() : end_of_statement(code, definition.end())], {}))
        end = end_of_statement(code, family.end())
        if family[2]:  # its series are added by the statements that follow, up to the next family
            following = next((other.start() for other in found if other.start() > end), len(code))
            end = min(following, code.find("\n}", end) if code.find("\n}", end) > 0 else following)
        part = code[max(begin, function, 0) : end]
        collected = re.match(r"[^;]*std::move\((\w+)\.metric\)", code[family.end() : end])
        if collected:  # its series were added before it, to a family without a name
            part = "".join(
                code[code.rfind("Labels labels = ", 0, use.start()) : use.end()]
                for use in re.finditer(rf"series\({collected[1]},[^;]*;", code)
                if function < use.start() < family.start())
        kind = (family[1] or family[2]).lower()
        of, _, plain = kind.rpartition("_")  # group_gauge, reader_counter: by the names of groups, of readers
        name = {"group": "rowtide_consumer_group_", "reader": "rowtide_reader_", "process": "process_"}.get(of, prefix) + text_of(family[3])
        yield name, plain, {of: []} if of in ("group", "reader") else labels_of(part, named), text_of(family[4])
        begin = end


def table(rows):
    lines = ["", "| metric | type | labels | what it says |", "|---|---|---|---|"]
    for name, kind, labels, text in rows:
        shown = "; ".join(f"`{label}`" + (": " + ", ".join(values) if values else "") for label, values in labels.items())
        lines.append(f"| `{name}` | {kind} | {shown} | {text} |")
    return "\n".join(lines)


print(INTRODUCTION + TRACKER + table(families(sys.argv[1], "rowtide_tracker_")))
print(OPERATOR + table(families(sys.argv[2], "")))
