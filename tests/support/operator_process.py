"""The operator's program, run as a child process that ends with the test, however that ends."""

import http.client
import os
import pathlib
import re
import subprocess

FREE_PORT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "free-port.sh"


class OperatorProcess:
    def __init__(self, program, kubeconfig, log, *options, port=0):
        self.port = port or int(subprocess.run([FREE_PORT], stdout=subprocess.PIPE, check=True).stdout)
        command = [program, "--kubeconfig", str(kubeconfig), "--tracker-image", "none", "--listen", f"127.0.0.1:{self.port}", *options]
        # Without the file of all CAs, which OpenSSL would parse for each watch; tests/support/process.cpp says more.
        environment = {**os.environ, "SSL_CERT_FILE": "/dev/null"}
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], stderr=log, env=environment)

    def metrics(self):
        """Series, with its labels, -> value as text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", "/metrics")
        return dict(re.findall(r"^(\S+) (\S+)$", connection.getresponse().read().decode(), re.MULTILINE))

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
