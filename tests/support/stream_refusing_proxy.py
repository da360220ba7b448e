"""stream_refusing_proxy.py PORT PORT_FILE register|dump|silent

Stands for endpoints that no server here is: between a client and the server at 127.0.0.1:PORT, it lets statements pass, and answers
COM_REGISTER_SLAVE, or the request for the binlog, with the error that a proxy gives (silent: the request for the binlog not at all).
Without TLS only. Its own port stands in PORT_FILE."""

import contextlib
import os
import struct
import sys
import threading

from tcp_proxy import TcpProxy

REGISTER, DUMP, DUMP_GTID = 0x15, 0x12, 0x1E


class RefusingProxy(TcpProxy):
    def __init__(self, port, mode):
        self.refused = {REGISTER} if mode == "register" else {DUMP, DUMP_GTID}
        self.answers = mode != "silent"
        super().__init__("127.0.0.1", port)

    def forward(self, source, sink, wait):
        if source.getpeername()[1] == self.server[1]:
            super().forward(source, sink, wait)
            return
        with contextlib.suppress(OSError), source.makefile("rb") as stream:
            while header := stream.read(4):
                payload = stream.read(int.from_bytes(header[:3], "little"))
                if header[3] != 0 or not payload or payload[0] not in self.refused:
                    sink.sendall(header + payload)
                elif self.answers:
                    error = b"\xff" + struct.pack("<H", 1047) + b"#08S01Unknown command"
                    source.sendall(len(error).to_bytes(3, "little") + b"\x01" + error)
        self.end({source, sink})


proxy = RefusingProxy(int(sys.argv[1]), sys.argv[3])
with open(sys.argv[2] + ".new", "w", encoding="utf-8") as port_file:
    port_file.write(str(proxy.port))
os.replace(sys.argv[2] + ".new", sys.argv[2])
threading.Event().wait()
