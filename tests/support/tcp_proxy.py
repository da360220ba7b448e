"""Between a client and a server, so that a test can make the network bad."""

import contextlib
import socket
import threading


class TcpProxy:
    """To 127.0.0.1:`port` here connect those who think that they reach `host`:`to_port`."""

    def __init__(self, host, to_port):
        self.server = (host, int(to_port))
        self.requests_pass = threading.Event()  # while it is not set, what clients say waits here; answers and events pass
        self.requests_pass.set()
        self.lock, self.sockets = threading.Lock(), set()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):  # stop() closes it
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.server)
                with self.lock:
                    self.sockets |= {client, server}
                threading.Thread(target=self.forward, args=(client, server, self.requests_pass.wait), daemon=True).start()
                threading.Thread(target=self.forward, args=(server, client, lambda: True), daemon=True).start()

    def forward(self, source, sink, wait):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                wait()
                sink.sendall(data)
        self.end({source, sink})

    def end(self, sockets):
        for one in sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        with self.lock:
            self.sockets -= sockets

    def cut(self):
        """Every connection that there is."""
        with self.lock:
            sockets = set(self.sockets)
        self.end(sockets)

    def stop(self):
        self.listener.close()
        self.requests_pass.set()
        self.cut()
