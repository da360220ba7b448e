"""Stands for PolarDB's OpenAPI, which no machine of ours can have: `polardb_api.py SDK_FOLDER PORT_FILE STATE_FILE`.

Serves on loopback. Verifies each request's signature with the official SDK's own code, keeps whitelist groups and one cluster's
endpoints as STATE_FILE (JSON) says, writes that back, and prints each request that it took, one JSON a line. What it does
wrong, it does on request: `fail` in the state is a list of [HTTP status, code] that the next requests are answered with.
"""

import datetime
import json
import os
import sys
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer

sys.path.insert(0, sys.argv[1])
from aliyunsdkcore.auth.algorithm import sha_hmac1  # noqa: E402
from aliyunsdkcore.auth.composer import rpc_signature_composer  # noqa: E402

KEYS = {"LTAI5test": "s3cr3t-key"}
# The composer signs only with names that it makes itself; its own functions, by their mangled or module names.
compose = getattr(rpc_signature_composer, "__compose_string_to_sign")
sign = getattr(rpc_signature_composer, "__get_signature")


class Refused(Exception):
    def __init__(self, status, code, message):
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


def read_state():
    with open(sys.argv[3], encoding="utf-8") as file:
        return json.load(file)


def write_state(state):
    with open(sys.argv[3] + ".new", "w", encoding="utf-8") as file:
        json.dump(state, file)
    os.replace(sys.argv[3] + ".new", sys.argv[3])


def verify(parameters):
    signature = parameters.pop("Signature", "")
    secret = KEYS.get(parameters.get("AccessKeyId"))
    if secret is None:
        raise Refused(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
    text = compose("POST", parameters)
    if sign(text, secret, sha_hmac1) != signature:  # the cloud says it so, with what it signed
        raise Refused(400, "SignatureDoesNotMatch",
                      "Specified signature is not matched with our calculation. server string to sign is:" + text)
    sent = datetime.datetime.strptime(parameters["Timestamp"], "%Y-%m-%dT%H:%M:%SZ")
    if abs((datetime.datetime.utcnow() - sent).total_seconds()) > 900:
        raise Refused(400, "InvalidTimeStamp.Expired", "Specified time stamp is expired.")


def modify(state, parameters):
    ips = [ip for ip in parameters["SecurityIps"].split(",") if ip]
    groups, name = state["groups"], parameters["DBClusterIPArrayName"]
    held = [ip for ip in groups.get(name, "").split(",") if ip]
    mode = parameters.get("ModifyMode", "Cover")
    if mode == "Cover":
        held = ips
    elif mode == "Append":
        if set(ips) & set(held):
            raise Refused(400, "InvalidSecurityIPs.Duplicate", "The Security IP address is duplicated.")
        held += ips
    else:
        held = [ip for ip in held if ip not in ips]
    groups[name] = ",".join(held)
    if not held:
        del groups[name]
    return {}


def answer(state, parameters):
    if parameters["DBClusterId"] != state["cluster"]:
        raise Refused(404, "InvalidDBClusterId.NotFound", "The DBClusterId provided does not exist in our records.")
    action = parameters["Action"]
    if action == "DescribeDBClusterEndpoints":
        return {"Items": state["endpoints"]}
    if action == "DescribeDBClusterAccessWhitelist":
        return {"Items": {"DBClusterIPArray": [
            {"DBClusterIPArrayName": name, "DBClusterIPArrayAttribute": "", "SecurityIps": ips}
            for name, ips in state["groups"].items()]}}
    if action == "ModifyDBClusterAccessWhitelist":
        return modify(state, parameters)
    raise Refused(404, "InvalidAction.NotFound", "Specified api is not found.")


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        parameters = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
        state = read_state()
        try:
            if state.get("fail"):
                status, code = state["fail"].pop(0)
                write_state(state)
                raise Refused(status, code, "as the test asks for")
            verify(parameters)
            result, status = answer(state, parameters), 200
            write_state(state)
        except Refused as refused:
            result, status = {"Code": refused.code, "Message": refused.message}, refused.status
        result["RequestId"] = "REQ-" + parameters.get("SignatureNonce", "")[:8]
        shown = {key: parameters.get(key) for key in ("Action", "DBClusterId", "DBClusterIPArrayName", "ModifyMode", "SecurityIps")
                 if key in parameters}
        print(json.dumps({"status": status, **shown}), flush=True)
        data = json.dumps(result).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[2] + ".new", "w", encoding="utf-8") as port_file:
    port_file.write(str(server.server_port))
os.replace(sys.argv[2] + ".new", sys.argv[2])
server.serve_forever()
