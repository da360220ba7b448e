"""The table of a chart's settings: `chart_readme.py VALUES` prints it as Markdown.

Of values.yaml: a key with a value on its line is a row, the comment lines straight above it are its text; a key without
one is a prefix of what stands below it. Lines below a key with a comment (`resources:`) belong to its default. A
setting without a comment fails.
"""

import re
import sys

KEY = re.compile(r"^( *)([A-Za-z]+):(?: (.*))?$")


def settings(lines):
    """(path, default, text) of each setting, in the order of the file."""
    parents, text, block = [], [], None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if block and line.strip() and indent > block["indent"]:
            block["lines"].append(line.strip())
            continue
        if block:
            yield block["path"], "{%s}" % ", ".join(block["lines"]), block["text"]
            block = None
        if line.lstrip().startswith("#"):
            text.append(line.strip(" #\n"))
            continue
        found = KEY.match(line.rstrip())
        if found:
            parents = parents[: len(found[1]) // 2] + [found[2]]
            path = ".".join(parents)
            if found[3] is not None:
                yield path, found[3], " ".join(text)
            elif text:
                block = {"path": path, "indent": indent, "lines": [], "text": " ".join(text)}
        text = []
    if block:
        yield block["path"], "{%s}" % ", ".join(block["lines"]), block["text"]


with open(sys.argv[1], encoding="utf-8") as values:
    rows = list(settings(values))
silent = [path for path, _, text in rows if not text]
if silent:
    sys.exit(f"{sys.argv[1]}: a comment is missing above {', '.join(silent)}")
print("| setting | default | what it does |\n|---|---|---|")
for path, default, text in rows:
    print(f"| `{path}` | `{default}` | {text} |")
