# SPDX-License-Identifier: Apache-2.0
"""The protocol of exec agents (doc/exec-protocol.md), in one file that travels with the agent.

    import linhay

    def greet(run):
        run.log("greeting")
        return {"greeting": f"Hello {run.input['name']}"}

    linhay.main({"greet": greet})

What an action returns is its output. linhay.Failed ends it with a reason; any other exception is a fault of the
agent's own, and its traceback is in the log.
"""
import json
import os
import select
import sys


class Failed(Exception):
    """Why the run fails: a code for programs, a sentence for people, and a class that decides about retries."""

    def __init__(self, code, message, fail_class="internal"):
        super().__init__(message)
        self.code = code
        self.fail_class = fail_class


class Run:
    def __init__(self, descriptor=3):
        self._fd = descriptor
        self._rest = b""
        start = self._receive()
        self.action = start["action"]
        self.input = start["input"]
        self.workspace = start["workspace"]  # "/work", or None
        self.files = start["files"]  # {"/patch_file": descriptor}
        self._secrets = start.get("secrets", {})  # {"TOKEN": descriptor}
        self._cancelled = False

    def _receive(self):
        while b"\n" not in self._rest:
            piece = os.read(self._fd, 65536)
            if not piece:
                raise EOFError("the host is gone")
            self._rest += piece
        line, self._rest = self._rest.split(b"\n", 1)
        return json.loads(line)

    def send(self, kind, **members):
        line = json.dumps({"type": kind, **members}).encode() + b"\n"
        while line:
            line = line[os.write(self._fd, line):]

    def _send_given(self, kind, **members):
        self.send(kind, **{name: value for name, value in members.items() if value is not None})

    def secret(self, name):
        """The bytes of a secret that the manifest asks for; KeyError for any other. Keep them out of files."""
        return os.pread(self._secrets[name], 65536, 0)

    def log(self, text, level="info"):
        self.send("log", text=text, level=level)

    def progress(self, done, total=0, note=None):
        self._send_given("progress", done=done, total=total, note=note)

    def finding(self, rule, severity, message, **where):
        self._send_given("finding", rule=rule, severity=severity, message=message, **where)

    def artifact(self, name, text=None, path=None, media_type=None):
        self._send_given("artifact", name=name, text=text, path=path, media_type=media_type)

    def spend(self, unit, amount):
        self.send("spend", unit=unit, amount=amount)

    def cancelled(self):
        """True when the run was cancelled: stop at the next good place."""
        if not self._cancelled and select.select([self._fd], [], [], 0)[0]:
            self._cancelled = self._receive()["type"] == "cancel"
        return self._cancelled


def main(actions):
    run = Run()
    try:
        output = actions[run.action](run)
    except Failed as why:
        run.send("fail", **{"class": why.fail_class, "code": why.code, "message": str(why)})
        sys.exit(1)
    run.send("output", value=output)
