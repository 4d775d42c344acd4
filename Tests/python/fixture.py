"""A scriptable MCP server without dependencies: every feature of every revision, over stdio and HTTP.

It tells what it received and sent (--record FILE or --report PORT, one JSON object a line, as validate.py reads it, with
the raw text and the HTTP headers beside the message), so that a test can look at both sides of what stands before it.
What it offers is in fixture_features.py. Prints `listening on http://127.0.0.1:PORT` on stdout with --http.
"""

import argparse
import asyncio
import base64
import json
import os
import sys
import uuid

import fixture_features as features
from fixture_core import MODERN, PREFIX, Failure, Record, Request, Server, Session, encode


class Pipe:
    """The one channel of stdio: the session, the requests and the notices share it."""

    def __init__(self, server):
        self.server = server
        self.session = Session(self.send)
        self.session.is_pipe = True
        self.tasks = {}

    async def send(self, message):
        text = encode(message)
        self.server.record.sent(message, text, self.session)
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    async def run(self):
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=1 << 28)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
        while line := await reader.readline():
            await self.receive(line.decode())

    async def receive(self, line):
        text = line.rstrip("\n")
        try:
            message = json.loads(text)
        except ValueError:
            return await self.send({"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "not JSON"}})
        self.server.record.received(message, text, self.session)
        if "method" not in message:
            return self.session.answered(message)
        if "id" not in message:
            params = message.get("params") or {}
            if message["method"] == "notifications/cancelled":
                task = self.tasks.get(json.dumps(params.get("requestId")))
                return task and task.cancel()
            return await self.server.notice(message, self.session)
        request = Request(self.server, message, text, self.session, self.send)
        request.is_pipe = True
        task = asyncio.ensure_future(self.serve(request))
        self.tasks[json.dumps(request.id)] = task

    async def serve(self, request):
        try:
            await self.send(await self.server.answer(request))
        except asyncio.CancelledError:
            self.server.cancelled(request)
        finally:
            self.tasks.pop(json.dumps(request.id), None)


class HTTP:
    """Streamable HTTP of both eras at /mcp, the 2024-11-05 transport at /sse and /messages."""

    def __init__(self, server, given):
        self.server, self.given = server, given
        self.sessions = {}

    async def run(self):
        listener = await asyncio.start_server(self.accept, "127.0.0.1", self.given.http, limit=1 << 26)
        print(f"listening on http://127.0.0.1:{listener.sockets[0].getsockname()[1]}", flush=True)
        await listener.serve_forever()

    async def accept(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
                verb, path, _ = first.split(" ", 2)
                headers = {name.strip().lower(): value.strip() for name, value in (one.split(":", 1) for one in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                exchange = Exchange(self, reader, writer, verb, path, headers, body)
                try:
                    await exchange.run()
                except Failure as failure:
                    await exchange.refuse(failure)
                if exchange.is_over:
                    break
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


class Exchange:
    """One HTTP request and its reply."""

    def __init__(self, http, reader, writer, verb, path, headers, body):
        self.http, self.server = http, http.server
        self.reader, self.writer = reader, writer
        self.verb, self.path, self.headers, self.body = verb, path, headers, body
        self.is_over = False
        self.is_stream = False
        self.message = None
        self.session = None

    async def run(self):
        path = self.path.split("?")[0]
        if self.http.given.sse or path in ("/sse", "/messages"):
            return await self.old_transport(path)
        if path != "/mcp":
            return await self.plain(404)
        if self.verb == "POST":
            return await self.post()
        session = self.http.sessions.get(self.headers.get("mcp-session-id"))
        self.server.record.noted(self.verb, self.headers)
        if self.server.era == "modern" or self.http.given.no_get and self.verb == "GET":
            return await self.plain(405)
        if session is None:
            return await self.plain(400 if "mcp-session-id" not in self.headers else 404)
        if self.verb == "DELETE":
            self.http.sessions.pop(session.id)
            return await self.plain(200)
        await self.listen(session)

    async def post(self):
        text = self.body.decode()
        try:
            self.message = message = json.loads(text)
        except ValueError:
            raise Failure(-32700, "not JSON", status=400)
        params = message.get("params") if isinstance(message.get("params"), dict) else {}
        meta = params.get("_meta") or {}
        is_modern = PREFIX + "protocolVersion" in meta or self.headers.get("mcp-protocol-version") == MODERN
        if is_modern and self.server.era != "legacy":
            session = Session(None)
            session.revision = MODERN
            self.server.record.received(message, text, session, self.headers)
            self.check_modern(message, params, meta)
        else:
            if self.server.era == "modern":
                self.server.record.received(message, text, None, self.headers)
                raise Failure(-32022, "only 2026-07-28", {"supported": [MODERN], "requested": "legacy"}, 400)
            session = self.legacy_session(message, text)
        self.session = session
        if "method" not in message:
            session.answered(message)
            return await self.plain(202)
        if "id" not in message:
            if message["method"] == "notifications/cancelled":
                task = session.tasks.get(json.dumps(params.get("requestId")))
                if task:
                    task.cancel()
            await self.server.notice(message, session)
            return await self.plain(202)
        await self.call(message, text, session)

    def legacy_session(self, message, text):
        if message.get("method") == "initialize":
            session = Session(None)
            session.id = uuid.uuid4().hex
            self.http.sessions[session.id] = session
            self.server.record.received(message, text, session, self.headers)
            return session
        session = self.http.sessions.get(self.headers.get("mcp-session-id"))
        self.server.record.received(message, text, session, self.headers)
        if session is None:
            missing = "mcp-session-id" not in self.headers
            raise Failure(-32600, "no session" if missing else "Session not found", status=400 if missing else 404)
        return session

    def check_modern(self, message, params, meta):
        def same(name, value):
            given = self.headers.get(name, "")
            if given.startswith("=?base64?") and given.endswith("?="):
                given = base64.b64decode(given[9:-2]).decode()
            if given != value:
                raise Failure(-32020, f"{name} is {given!r}, the body says {value!r}", status=400)

        if PREFIX + "protocolVersion" not in meta or PREFIX + "clientCapabilities" not in meta:
            raise Failure(-32602, "no envelope", status=400)
        same("mcp-protocol-version", meta[PREFIX + "protocolVersion"])
        same("mcp-method", message.get("method"))
        if message.get("method") in ("tools/call", "prompts/get"):
            same("mcp-name", params.get("name"))
        if message.get("method") == "resources/read":
            same("mcp-name", params.get("uri"))
        for name, value in features.mirrored(self.server, params):
            if value is None and name in self.headers:
                raise Failure(-32020, f"{name} without an argument", status=400)
            if value is not None:
                same(name, value)

    async def call(self, message, text, session):
        """The reply is JSON unless something has to be sent before it."""
        request = Request(self.server, message, text, session, self.event)
        request.headers = self.headers
        request.exchange = self
        task = asyncio.ensure_future(self.server.answer(request))
        session.tasks[json.dumps(request.id)] = task
        gone = asyncio.ensure_future(self.reader.read(1))
        wait = {task, gone} if session.revision == MODERN else {task}
        await asyncio.wait(wait, return_when=asyncio.FIRST_COMPLETED)
        session.tasks.pop(json.dumps(request.id), None)
        if gone.done() and not task.done():
            task.cancel()
            self.server.cancelled(request)
            self.is_over = True
            return
        # What the peer sends next would be swallowed by the watch: this connection ends.
        gone.cancel()
        self.is_over = True
        try:
            answer = task.result()
        except asyncio.CancelledError:
            self.server.cancelled(request)
            return
        if request.is_dropped:
            return
        if request.is_polled:
            session.kept[request.is_polled] = answer
            return
        if self.is_stream:
            await self.event(answer)
            self.writer.write(b"0\r\n\r\n")
            return await self.writer.drain()
        status = getattr(request, "status", None) or 200
        extra = {"mcp-session-id": session.id} if message["method"] == "initialize" else {}
        if self.http.given.always_sse and status == 200 and session.revision != MODERN:
            await self.open_stream(extra)
            await self.event(answer)
            self.writer.write(b"0\r\n\r\n")
            return await self.writer.drain()
        await self.json(status, answer, extra)

    async def open_stream(self, extra={}):
        self.is_stream = True
        lines = ["HTTP/1.1 200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked"]
        lines += ["Connection: close"] + [f"{name}: {value}" for name, value in extra.items()]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        if self.http.given.sloppy:
            await self.chunk(": a comment\n\n")

    async def chunk(self, text):
        data = text.encode()
        self.writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        await self.writer.drain()

    async def event(self, message, number=None):
        if not self.is_stream:
            await self.open_stream()
        text = encode(message)
        self.server.record.sent(message, text, self.session)
        head = f"id: {number}\n" if number else ""
        await self.chunk(f"{head}event: message\ndata: {text}\n\n")

    async def listen(self, session):
        """The GET stream; with Last-Event-ID what was kept for it, and nothing more."""
        last = self.headers.get("last-event-id")
        self.session = session
        self.is_over = True
        await self.open_stream()
        if last is not None:
            answer = session.kept.pop(last, None)
            while answer is None and last in session.expected:
                await asyncio.sleep(0.02)
                answer = session.kept.pop(last, None)
            session.expected.discard(last)
            if answer:
                await self.event(answer)
            self.writer.write(b"0\r\n\r\n")
            return await self.writer.drain()
        session.notify = self.event
        await self.reader.read(1)
        session.notify = None

    async def old_transport(self, path):
        if self.verb == "GET" and path == "/sse":
            session = Session(self.event)
            session.id = uuid.uuid4().hex
            session.notify = self.event
            self.http.sessions[session.id] = session
            self.session = session
            self.is_over = True
            await self.open_stream()
            await self.chunk(f"event: endpoint\ndata: /messages?session_id={session.id}\n\n")
            await self.reader.read(1)
            self.http.sessions.pop(session.id, None)
            return
        session = self.http.sessions.get(self.path.split("session_id=")[-1])
        if self.verb != "POST" or path != "/messages" or session is None:
            return await self.plain(405 if path == "/sse" else 404)
        text = self.body.decode()
        message = json.loads(text)
        self.server.record.received(message, text, session, self.headers)
        await self.plain(202)
        if "method" not in message:
            session.answered(message)
        elif "id" not in message:
            params = message.get("params") or {}
            task = session.tasks.get(json.dumps(params.get("requestId")))
            if message["method"] == "notifications/cancelled" and task:
                task.cancel()
            await self.server.notice(message, session)
        else:
            request = Request(self.server, message, text, session, session.send)
            task = asyncio.ensure_future(self.server.answer(request))
            session.tasks[json.dumps(request.id)] = task
            task.add_done_callback(lambda done: self.answered(request, session, done))

    def answered(self, request, session, done):
        if done.cancelled():
            self.server.cancelled(request)
        else:
            asyncio.ensure_future(session.send(done.result()))

    async def refuse(self, failure):
        number = self.message.get("id") if isinstance(self.message, dict) else None
        await self.json(failure.status or 400, failure.answer(number))

    async def json(self, status, message, extra={}):
        text = encode(message)
        self.server.record.sent(message, text, self.session)
        await self.write(status, text.encode(), {"Content-Type": "application/json", **extra})

    async def plain(self, status):
        await self.write(status, b"", {})

    async def write(self, status, body, headers):
        lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if self.is_over:
            lines.append("Connection: close")
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await self.writer.drain()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--http", type=int, metavar="PORT", help="0 takes a free one; without it stdio")
    parser.add_argument("--sse", action="store_true", help="with --http: only the 2024-11-05 transport, at /sse")
    parser.add_argument("--era", choices=["legacy", "modern", "dual"], default="dual")
    parser.add_argument("--revision", default="2025-11-25", help="the newest handshake revision offered")
    parser.add_argument("--tag", default="", help="ends every name, so that several servers differ")
    parser.add_argument("--record", help="what was received and sent")
    parser.add_argument("--report", type=int, metavar="PORT", help="the same, to a listener on this machine")
    parser.add_argument("--page", type=int, default=0, help="lists come in pages of this size")
    parser.add_argument("--no-get", action="store_true", help="no GET stream")
    parser.add_argument("--always-sse", action="store_true", help="legacy answers come as events")
    parser.add_argument("--sloppy", action="store_true", help="legal oddities: comments, negative ttl, unknown members")
    given = parser.parse_args()
    server = Server(given, Record(given.record, given.report, given.tag), features)
    if given.http is None:
        asyncio.run(Pipe(server).run())
        sys.stdout.flush()
        os._exit(0)
    asyncio.run(HTTP(server, given).run())


if __name__ == "__main__":
    main()
