"""What the runners of documents' commands share: which block is whose, a shell, and real servers, each started when it is first asked for."""

import atexit
import functools
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from blocks import ROOT, user_blocks

for name in ("monitoring", "support"):
    sys.path.insert(0, str(ROOT / "tests" / name))
from api_server import ApiServer  # noqa: E402
from live_system import Server  # noqa: E402

TRACKER = KUBECTL_FOLDER = HELM = ""
PASSWORD = "choose-a-password"  # of the documents' accounts
runners = []  # (document, how it begins) of each block that is run here


def matches(block, begins):
    """`begins` of a command in a sentence stands between backquotes, whole."""
    if block.kind == "inline":
        return begins == f"`{block.text}`"
    return block.text.lstrip().startswith(begins)


def found(document, begins):
    return [block for block in user_blocks() if block.document == document and matches(block, begins)]


def runs(document, *beginnings):
    """A test method gets the blocks' texts, in this order, behind those of decorators above."""
    runners.extend((document, begins) for begins in beginnings)

    def decorate(method):
        @functools.wraps(method)
        def with_texts(self, *texts):
            return method(self, *texts, *(text_of(document, begins) for begins in beginnings))

        return with_texts

    return decorate


def text_of(document, begins):
    (block,) = found(document, begins)
    return block.text


@functools.cache
def folder():
    """Where commands are run: with the repository's folders that documents name, and `bin` before all in PATH."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="rowtide-docs-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    for part in ("examples", "helm", "operator", "scripts"):
        (path / part).symlink_to(ROOT / part)
    (path / "bin").mkdir()
    (path / "bin" / "rowtide-tracker").symlink_to(TRACKER)
    (path / "bin" / "helm").symlink_to(HELM)
    return path


@functools.cache
def kafka_tools():
    return subprocess.run([ROOT / "scripts" / "kafka-tools.sh"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def environment(**more):
    path = f"{folder() / 'bin'}:{KUBECTL_FOLDER}:{kafka_tools()}:{folder()}/.local/bin:{os.environ['PATH']}"
    # SSL_CERT_FILE: as in tests/support/process.cpp.
    return {**os.environ, "PATH": path, "HOME": str(folder()), "SSL_CERT_FILE": "/dev/null", **more}


def put_in(text, of):
    """The reader's own addresses, names and files in place of the document's; each must stand there."""
    for theirs, ours in of.items():
        assert theirs in text, f"{theirs!r} does not stand in {text!r}"
        text = text.replace(theirs, ours)
    return text


def shell(text, seconds=60, code=0, **variables):
    """What it writes to stdout."""
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=folder(), env=environment(**variables), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=seconds, check=False)
    if done.returncode != code:
        raise AssertionError(f"ended with {done.returncode}:\n{text}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


class Running:
    """A command that goes on until the test has seen enough."""

    def __init__(self, text, **variables):
        self.lines = tempfile.TemporaryFile("w+", encoding="utf-8")
        self.process = subprocess.Popen(["bash", "-euc", f"exec {text}"], cwd=folder(), env=environment(**variables),
                                        stdin=subprocess.DEVNULL, stdout=self.lines, stderr=subprocess.STDOUT)

    def output(self):
        size = os.fstat(self.lines.fileno()).st_size
        return os.pread(self.lines.fileno(), size, 0).decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.lines.close()


def server(name, *options, at=None):
    one = Server(name, (at or folder()), *options)
    atexit.register(one.stop)
    return one.facts


def sql(facts, statements):
    client = ["mariadb", "--no-defaults", "-uroot", "-S", facts["SOCKET"]]
    done = subprocess.run(client, input=statements, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{statements[:300]}: {done.stderr}"
    return done.stdout


@functools.cache
def kafka():
    """`HOST`:`PORT` with logins and an authorizer; 127.0.0.1:`ADMIN_PORT` without, where one may do anything."""
    return server(
        "kafka", "listener.security.protocol.map=CLIENT:SASL_PLAINTEXT,ADMIN:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "listener.name.client.sasl.enabled.mechanisms=PLAIN",
        "listener.name.client.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required"
        f' user_rowtide="{PASSWORD}";', "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer")


def brokers():
    return f"127.0.0.1:{kafka()['ADMIN_PORT']}"


@functools.cache
def api():
    one = ApiServer(folder())
    atexit.register(one.stop)
    return one
