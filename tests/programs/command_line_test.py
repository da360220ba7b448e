"""Shell completion and manual pages say what --help says: `command_line_test.py TRACKER OPERATOR VERSION`."""

import functools
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest


@functools.cache
def run(*command, code=0):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != code or done.stderr:
        raise AssertionError(f"{command} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def options_of(help_text):
    """Of the lines "  -o,--output TEXT:{table,json}=table ...": [{"-o", "--output"}, its values or None]."""
    result = []
    for names, rest in re.findall(r"^  (-\S+)(.*)", help_text, re.MULTILINE):
        values = re.match(r" TEXT:\{(.*?)\}", rest)
        result.append((names.split(","), values[1].split(",") if values else None))
    return result


def commands_of(help_text):
    _, found, listed = help_text.partition("Subcommands:\n")
    return re.findall(r"^  (\S+)", listed, re.MULTILINE) if found else []


class Program:
    def __init__(self, path):
        self.path = path
        self.name = pathlib.Path(path).name
        text = run(path, "--help")
        # command ("" is the program itself) -> its options
        self.options = {"": options_of(text)}
        for command in commands_of(text):
            self.options[command] = options_of(run(path, command, "--help"))

    @property
    def commands(self):
        return [one for one in self.options if one]

    def words(self, command, *more):
        return [self.name, *([command] if command else []), *more]


class CommandLineTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def script(self, program, shell):
        path = self.folder / f"{program.name}.{shell}"
        path.write_text(run(program.path, "completion", shell), encoding="utf-8")
        return path

    def bash(self, program, words):
        script = f"""source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
            "_{program.name.replace('-', '_')}" && printf '%s\\n' "${{COMPREPLY[@]}}"; complete -p {program.name} >/dev/null"""
        return set(run("bash", "-c", script, "bash", str(self.script(program, "bash")), *words).split())

    def fish(self, program, words):
        line = " ".join(words)
        out = run("fish", "--no-config", "-c", f"source {self.script(program, 'fish')}; complete -C '{line}'")
        return {one.split("\t")[0] for one in out.splitlines()}

    def check(self, complete):
        for program in PROGRAMS:
            self.assertEqual(complete(program, [program.name, ""]) & set(program.commands), set(program.commands))
            for command, options in program.options.items():
                names = {name for option, _ in options for name in option}
                self.assertIn("--help", names)
                long_names = {name for name in names if name.startswith("--")}
                self.assertEqual(complete(program, program.words(command, "--")), long_names)
                self.assertLessEqual(names - long_names, complete(program, program.words(command, "-")))
                for option, values in options:
                    if values:
                        self.assertEqual(complete(program, program.words(command, option[-1], "")), set(values))

    def test_bash(self):
        self.check(self.bash)
        for program in PROGRAMS:
            self.assertEqual(self.bash(program, [program.name, "completion", ""]), {"bash", "zsh", "fish"})
            self.assertEqual(self.bash(program, [program.name, "no such", ""]) & {"--help"}, set())
        # "--log-level=d" comes as three words; file names are bash's own matter.
        tracker = PROGRAMS[0]
        self.assertEqual(self.bash(tracker, [tracker.name, "run", "--log-level", "=", "d"]), {"debug"})
        self.assertEqual(self.bash(tracker, [tracker.name, "run", "--log-format", "="]), {"json", "text"})
        self.assertEqual(self.bash(tracker, [tracker.name, "run", "--secrets", "-"]), set())
        self.assertEqual(self.bash(tracker, [tracker.name, "run", ""]), set())

    def test_fish(self):
        self.check(self.fish)

    def test_zsh(self):
        # What _arguments and _describe are told, by shells' own reading of the quotes.
        script = """compdef() { :; }; _describe() { print -rl -- "${(@P)2}"; }
            _arguments() { print -rl -- "$@"; [[ -n $seen ]] || { seen=1; state=$want; }; }
            source "$1"; want=$2 seen= words=("$3"); $4"""
        for program in PROGRAMS:
            for command, options in program.options.items():
                state = "rest" if command else "command"
                out = run("zsh", "-f", "-c", script, "zsh", str(self.script(program, "zsh")), state, command,
                          "_" + program.name.replace("-", "_"))
                for option, values in options:
                    for name in option:
                        self.assertRegex(out, rf"(?m)^(\*|\([^)]*\)){name}[=+]?\[")
                    if values:
                        self.assertIn(f"({' '.join(values)})\n", out)
                if not command:
                    self.assertEqual(re.findall(r"^([a-z]\w+):", out, re.MULTILINE), program.commands)

    def test_manual_pages(self):
        for program, section in zip(PROGRAMS, (1, 8)):
            page = self.folder / f"{program.name}.{section}"
            page.write_text(run(program.path, "man"), encoding="utf-8")
            shown = run("groff", "-man", "-ww", "-Tascii", "-P-bcou", str(page))  # fails on a warning
            self.assertIn(f"{program.name.upper()}({section})", shown)
            self.assertIn(f"rowtide {VERSION}", shown)
            # In the order of --help, each command with its own options.
            parts = re.split(r"(?m)^   (?=\w+$)", shown)
            self.assertEqual([part.split("\n")[0] for part in parts[1:]], program.commands)
            for part, (command, options) in zip(parts, program.options.items()):
                for option, values in options:
                    self.assertRegex(part, rf"(?m)^       {', '.join(option)}( [A-Z]+)?\b", f"{program.name} {command}")
                    if values:
                        self.assertIn(f"One of {', '.join(values)}.", re.sub(r"\s+", " ", part))


if __name__ == "__main__":
    PROGRAMS = [Program(path) for path in sys.argv[1:3]]
    VERSION = sys.argv[3]
    unittest.main(argv=sys.argv[:1])
