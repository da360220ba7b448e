"""The code blocks of Markdown files, and the commands that stand in their text."""

import functools
import pathlib
import re
import textwrap
import typing

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What a reader may type; a name alone is none.
PROGRAMS = r"kubectl|helm|kcat|curl|kafka-[a-z-]+\.sh|rowtide-tracker|java|go|g\+\+|apt-get"
INLINE = re.compile(rf"`((?:{PROGRAMS})\s[^`]*\s[^`]*)`")


class Block(typing.NamedTuple):
    document: str  # its path from the root
    line: int
    kind: str  # the word behind the fence; "indented"; "inline"
    text: str

    def __str__(self):
        return f"{self.document}:{self.line} ({self.kind}) {self.text.strip().splitlines()[0][:70]}"


def code_blocks(text):
    """(first line, kind, text) of fenced blocks and of indented ones."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        begin = at + 1
        fence = re.match(r"( *)```(\w*)", lines[at])
        if fence:
            end = next(i for i in range(begin, len(lines)) if lines[i].lstrip().startswith("```"))
            yield begin + 1, fence[2], textwrap.dedent("\n".join(lines[begin:end]))
            at = end + 1
        elif lines[at].startswith("    ") and (at == 0 or not lines[at - 1].strip()):
            end = next((i for i in range(at, len(lines)) if lines[i].strip() and not lines[i].startswith("    ")), len(lines))
            yield begin, "indented", "\n".join(line[4:] for line in lines[at:end]).rstrip("\n")
            at = end
        else:
            at += 1


def inline_commands(text):
    """(line, command) of each that stands in a sentence or a table; it may go on in the next line."""
    lines = ["" if line.lstrip().startswith("```") else line for line in text.split("\n")]
    for number, _, code in code_blocks(text):
        count = code.count("\n") + 1
        lines[number - 1:number - 1 + count] = [""] * count
    text = "\n".join(lines)
    for found in INLINE.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, re.sub(r"\s+", " ", found[1])


@functools.cache
def user_blocks():
    """Of the documents for users; what only shows data (JSON) is no command. docs/reference is generated, and docs/runbooks typed by
    tests/monitoring/operator_alerts_test.py."""
    found = []
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "formats").glob("*.md"))):
        text, name = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
        found += [Block(name, line, kind, code) for line, kind, code in code_blocks(text) if kind != "json"]
        inline = {command: line for line, command in reversed(list(inline_commands(text)))}
        found += [Block(name, line, "inline", command) for command, line in inline.items()]
    return found
