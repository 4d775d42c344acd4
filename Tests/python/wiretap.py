"""Captures every MCP message between a client and a server, for validate.py.

    wiretap.py --log FILE http TARGET_URL        a reverse proxy; prints `listening on http://127.0.0.1:PORT` on stdout
    wiretap.py --log FILE stdio COMMAND ARG...   stands in for the server's command
Each line of FILE: direction, revision in force, the method that a response answers, and the message.
"""

import argparse
import asyncio
import json
import os
import re
import signal
import sys
import threading
import urllib.parse

VERSION = "io.modelcontextprotocol/protocolVersion"


class Log:
    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8")
        self.lock = threading.Lock()

    def write(self, direction, revision, method, text):
        entry = {"direction": direction, "revision": revision, "method": method}
        try:
            entry["message"] = json.loads(text)
        except ValueError:
            entry["unparsed"] = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        with self.lock:
            self.file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            self.file.flush()
        return entry.get("message")


class Conversation:
    """Which revision is in force, and which request a response answers."""

    def __init__(self, log):
        self.log = log
        self.revision = None
        self.asked = {"to_server": {}, "to_client": {}}

    def record(self, direction, text, revision=None):
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        parts = message if isinstance(message, list) else [message]
        method, used = None, revision or self.revision
        for part in (part for part in parts if isinstance(part, dict)):
            params = part.get("params") if isinstance(part.get("params"), dict) else {}
            if "method" in part:
                used = (params.get("_meta") or {}).get(VERSION) or used
                if part["method"] == "initialize":
                    used = params.get("protocolVersion")
                if "id" in part:
                    self.asked[direction][json.dumps(part["id"])] = (part["method"], used)
            else:
                back = "to_client" if direction == "to_server" else "to_server"
                method, used = self.asked[back].pop(json.dumps(part.get("id")), (None, used))
                if method == "initialize" and "result" in part:
                    used = self.revision = part["result"].get("protocolVersion")
                elif method and "result" in part:
                    # A modern exchange that worked: notices on this channel are of that revision too.
                    self.revision = self.revision or used
        self.log.write(direction, used, method, text)


def run_stdio(log, command):
    talk = Conversation(log)

    async def copy(read, write, direction):
        while line := await read():
            if line.strip():
                talk.record(direction, line.rstrip(b"\n"))
            await write(line)

    async def main():
        child = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 28
        )
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, child.terminate)
        reader = asyncio.StreamReader(limit=1 << 28)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)

        async def to_child(line):
            child.stdin.write(line)
            await child.stdin.drain()

        async def to_parent(line):
            await loop.run_in_executor(None, write_all, 1, line)

        async def upward():
            try:
                await copy(reader.readline, to_child, "to_server")
            except (BrokenPipeError, ConnectionResetError):
                pass
            child.stdin.close()

        upward_task = asyncio.create_task(upward())
        await copy(child.stdout.readline, to_parent, "to_client")
        code = await child.wait()
        upward_task.cancel()
        os._exit(code if code >= 0 else 128 - code)

    asyncio.run(main())


def write_all(descriptor, data):
    while data:
        data = data[os.write(descriptor, data) :]


async def read_head(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines]
    return first, headers


def header(headers, name):
    return next((value for key, value in headers if key.lower() == name), None)


async def pieces(reader, headers, has_body):
    """The pieces of a body as they arrive."""
    if not has_body:
        return
    if "chunked" in (header(headers, "transfer-encoding") or "").lower():
        while size := int((await reader.readline()).split(b";")[0], 16):
            yield await reader.readexactly(size)
            await reader.readline()
        while (await reader.readline()).strip():
            pass
    elif (length := header(headers, "content-length")) is not None:
        left = int(length)
        while left and (piece := await reader.read(min(left, 65536))):
            left -= len(piece)
            yield piece
    else:
        while piece := await reader.read(65536):
            yield piece


class Proxy:
    def __init__(self, log, target):
        self.log = log
        self.target = urllib.parse.urlsplit(target)
        self.sessions = {}

    async def serve(self):
        server = await asyncio.start_server(self.accept, "127.0.0.1", 0, limit=1 << 20)
        print(f"listening on http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await server.serve_forever()

    async def accept(self, reader, writer):
        upstream = None
        try:
            first, headers = await read_head(reader)
            method, path, _ = first.split(" ", 2)
            if (header(headers, "expect") or "").lower() == "100-continue":
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            has_body = header(headers, "content-length") or header(headers, "transfer-encoding")
            body = b"".join([piece async for piece in pieces(reader, headers, has_body)])
            incoming, upstream = await asyncio.open_connection(self.target.hostname, self.target.port, limit=1 << 20)
            drop = {"host", "connection", "content-length", "transfer-encoding", "expect", "keep-alive"}
            lines = [f"{method} {path} HTTP/1.1", f"Host: {self.target.netloc}", "Connection: close"]
            lines += [f"{name}: {value}" for name, value in headers if name.lower() not in drop]
            if body or method == "POST":
                lines.append(f"Content-Length: {len(body)}")
            upstream.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
            session = header(headers, "mcp-session-id")
            talk = self.sessions.get(session) or Conversation(self.log)
            revision = header(headers, "mcp-protocol-version")
            if method == "POST" and body:
                talk.record("to_server", body, revision)
            answer = asyncio.create_task(self.answer(incoming, writer, talk, revision, method))
            gone = asyncio.create_task(reader.read(1))
            await asyncio.wait([answer, gone], return_when=asyncio.FIRST_COMPLETED)
            for task in (answer, gone):
                task.cancel()
            await asyncio.gather(answer, gone, return_exceptions=True)
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            for one in (upstream, writer):
                if one:
                    one.close()

    async def answer(self, incoming, writer, talk, revision, method):
        first, headers = await read_head(incoming)
        if session := header(headers, "mcp-session-id"):
            talk = self.sessions.setdefault(session, talk)
        drop = {"connection", "transfer-encoding", "keep-alive"}
        lines = [first, "Connection: close", *(f"{n}: {v}" for n, v in headers if n.lower() not in drop)]
        writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")
        kind = (header(headers, "content-type") or "").lower()
        status = first.split(" ")[1]
        has_body = method != "HEAD" and status not in ("202", "204", "304") or header(headers, "content-length")
        body = b""
        async for piece in pieces(incoming, headers, has_body):
            body += piece
            if kind.startswith("text/event-stream"):
                body = self.events(body, talk, revision)
            writer.write(piece)
            await writer.drain()
        if kind.startswith("application/json") and body:
            talk.record("to_client", body, revision)

    @staticmethod
    def events(body, talk, revision):
        """Records the complete events and returns the rest."""
        *blocks, rest = re.split(rb"\r?\n\r?\n", body)
        for block in blocks:
            lines = [line[5:].removeprefix(b" ") for line in re.split(rb"\r?\n", block) if line.startswith(b"data:")]
            kinds = [line[6:].strip() for line in re.split(rb"\r?\n", block) if line.startswith(b"event:")]
            if b"".join(lines) and (not kinds or kinds[-1] == b"message"):
                talk.record("to_client", b"\n".join(lines), revision)
        return rest


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", required=True)
    parser.add_argument("kind", choices=["http", "stdio"])
    parser.add_argument("target", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    log = Log(given.log)
    if given.kind == "stdio":
        run_stdio(log, given.target)
    else:
        asyncio.run(Proxy(log, given.target[0]).serve())


if __name__ == "__main__":
    main()
