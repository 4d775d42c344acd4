"""The protocol of fixture.py: sessions, requests, the record, and the methods of both eras."""

import asyncio
import json
import os
import socket
import time

MODERN = "2026-07-28"
PREFIX = "io.modelcontextprotocol/"
LEGACY = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
LEVELS = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]


class Raw(str):
    """JSON text that is sent as it is."""


def encode(message):
    raws = []

    def mark(value):
        if isinstance(value, Raw):
            raws.append(value)
            return f"\ue000{len(raws) - 1}\ue001"
        if isinstance(value, dict):
            return {key: mark(one) for key, one in value.items()}
        if isinstance(value, list):
            return [mark(one) for one in value]
        return value

    text = json.dumps(mark(message), ensure_ascii=False, separators=(",", ":"))
    for number, raw in enumerate(raws):
        text = text.replace(f'"\ue000{number}\ue001"', raw)
    return text


class Failure(Exception):
    def __init__(self, code, message, data=None, status=None):
        super().__init__(message)
        self.code, self.message, self.data, self.status = code, message, data, status

    def answer(self, number):
        error = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        answer = {"jsonrpc": "2.0", "id": number, "error": error}
        if number is None:
            del answer["id"]
        return answer


class Record:
    """Where each line of the record goes: a file, or whoever listens on a port of this machine."""

    def __init__(self, path, port, tag):
        self.file = path and open(path, "a", encoding="utf-8")
        self.socket = port and socket.create_connection(("127.0.0.1", port))
        self.asked = {}
        self.event("started", tag=tag)

    def write(self, entry):
        line = json.dumps({**entry, "pid": os.getpid(), "at": time.monotonic()}, ensure_ascii=False) + "\n"
        if self.file:
            self.file.write(line)
            self.file.flush()
        if self.socket:
            self.socket.sendall(line.encode())

    def method_of(self, direction, message, session):
        """Notes a request; for a response the method it answers."""
        if not isinstance(message, dict):
            return None
        key = (direction if "method" in message else not direction, id(session), json.dumps(message.get("id")))
        if "method" in message:
            self.asked[key] = message["method"]
            return None
        return self.asked.pop(key, None)

    def received(self, message, text, session, headers=None):
        params = message.get("params") if isinstance(message, dict) else None
        meta = (params.get("_meta") if isinstance(params, dict) else None) or {}
        revision = meta.get(PREFIX + "protocolVersion") or (session and session.revision)
        if isinstance(message, dict) and message.get("method") == "initialize":
            revision = message["params"]["protocolVersion"]
        revision = revision or (headers or {}).get("mcp-protocol-version")
        if session:
            session.revision = session.revision or (MODERN if revision == MODERN else None)
        entry = {"direction": "to_server", "revision": revision, "method": self.method_of(True, message, session)}
        self.write({**entry, "message": message, "raw": text, **({"headers": headers} if headers else {})})

    def sent(self, message, text, session):
        revision = session.revision if session else MODERN
        entry = {"direction": "to_client", "revision": revision, "method": self.method_of(False, message, session)}
        if len(text) > 100_000:
            return self.write({**entry, "size": len(text)})
        self.write({**entry, "message": json.loads(text)})

    def noted(self, verb, headers):
        """A request without a message."""
        self.write({"direction": "http", "verb": verb, "headers": headers})

    def event(self, name, **facts):
        self.write({"direction": "event", "event": name, **facts})


class Session:
    """What a connection of the handshake era remembers; a modern request has one of its own."""

    def __init__(self, send):
        self.id = None
        self.revision = None
        self.send = send
        self.notify = send
        self.is_pipe = False
        self.capabilities = {}
        self.level = None
        self.subscribed = set()
        self.tasks = {}
        self.pending = {}
        self.number = 0
        self.kept = {}
        self.expected = set()

    def answered(self, message):
        waiting = self.pending.pop(json.dumps(message.get("id")), None)
        if waiting and not waiting.done():
            waiting.set_result(message)


class Request:
    def __init__(self, server, message, text, session, send):
        self.server, self.message, self.text, self.session, self.send = server, message, text, session, send
        self.id, self.method = message["id"], message["method"]
        self.params = message.get("params") or {}
        self.meta = self.params.get("_meta") or {}
        self.headers = {}
        self.exchange = None
        self.is_pipe = False
        self.is_dropped = False
        self.is_polled = None
        self.status = None

    @property
    def is_modern(self):
        return PREFIX + "protocolVersion" in self.meta

    @property
    def capabilities(self):
        return self.meta.get(PREFIX + "clientCapabilities", {}) if self.is_modern else self.session.capabilities

    async def notify(self, method, params):
        await self.send({"jsonrpc": "2.0", "method": method, "params": params})

    async def progress(self, value, total, message=None):
        if (token := self.meta.get("progressToken")) is not None:
            more = {"message": message} if message and self.session.revision not in ("2024-11-05",) else {}
            await self.notify("notifications/progress", {"progressToken": token, "progress": value, "total": total, **more})

    async def log(self, level, data):
        wanted = self.meta.get(PREFIX + "logLevel") if self.is_modern else self.session.level or "debug"
        if wanted and LEVELS.index(level) >= LEVELS.index(wanted):
            await self.notify("notifications/message", {"level": level, "logger": "fixture", "data": data})

    async def asking(self, method, params=None):
        """A request of the handshake era to the client: its whole response."""
        number = self.session.number
        self.session.number += 1
        waiting = self.session.pending[json.dumps(number)] = asyncio.get_running_loop().create_future()
        message = {"jsonrpc": "2.0", "id": number, "method": method}
        await self.send(message if params is None else {**message, "params": params})
        return await waiting


class Server:
    def __init__(self, given, record, features):
        self.given, self.record, self.features = given, record, features
        self.era, self.tag = given.era, given.tag
        self.listeners = []
        self.legacy_sessions = []
        self.added = {"tools": [], "prompts": [], "resources": []}
        self.counts = {}
        self.tasks = {}

    @property
    def info(self):
        return {"name": "fixture" + self.tag, "version": "1.0"}

    def capabilities(self, is_modern):
        found = {
            "tools": {"listChanged": True},
            "prompts": {"listChanged": True},
            "resources": {"listChanged": True, "subscribe": True},
            "completions": {},
            "logging": {},
        }
        if not is_modern and self.given.revision == "2024-11-05":
            found.pop("completions")
        if not is_modern and self.given.revision == "2025-11-25":
            found["tasks"] = {"list": {}, "cancel": {}, "requests": {"tools": {"call": {}}}}
        return found

    def cancelled(self, request):
        arguments = request.params.get("arguments") or {}
        self.record.event("cancelled", id=request.id, method=request.method, key=arguments.get("key"))

    async def answer(self, request):
        try:
            result = await self.handle(request)
        except Failure as failure:
            request.status = failure.status or {-32601: 404}.get(failure.code, 400) if request.is_modern else 200
            return failure.answer(request.id)
        if request.is_modern:
            result = {"resultType": "complete", **result}
            meta = result.get("_meta", {})
            result["_meta"] = {**meta, PREFIX + "serverInfo": self.info}
            if request.method in ("server/discover", "tools/list", "prompts/list", "resources/list",
                                  "resources/templates/list", "resources/read") and result["resultType"] == "complete":
                ttl = -5 if self.given.sloppy else 60000
                result = {**result, "ttlMs": ttl, "cacheScope": "private"}
        if self.given.sloppy:
            result["xUnknown"] = {"a": [1, None]}
        return {"jsonrpc": "2.0", "id": request.id, "result": result}

    async def handle(self, request):
        if request.is_modern:
            if self.era == "legacy":
                raise Failure(-32602, "Invalid request parameters")
            version = request.meta[PREFIX + "protocolVersion"]
            if version != MODERN:
                raise Failure(-32022, "unsupported", {"supported": [MODERN], "requested": version})
            modern = {"server/discover": self.discover, "subscriptions/listen": self.listen}
            if request.method in modern:
                return await modern[request.method](request)
            if request.method in ("initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"):
                raise Failure(-32601, "not in this revision")
        else:
            if self.era == "modern":
                raise Failure(-32022, "only 2026-07-28", {"supported": [MODERN], "requested": "legacy"})
            legacy = {
                "initialize": self.initialize, "ping": self.ping, "logging/setLevel": self.set_level,
                "resources/subscribe": self.subscribe, "resources/unsubscribe": self.unsubscribe,
            }
            if request.method in legacy:
                return await legacy[request.method](request)
            if request.method == "server/discover":
                raise Failure(-32602, "Invalid request parameters")
            if request.session.revision is None:
                raise Failure(-32600, "initialize comes first")
        handler = self.features.METHODS.get(request.method)
        if handler is None:
            raise Failure(-32601, "Method not found: " + request.method)
        return await handler(request)

    async def discover(self, request):
        return {
            "supportedVersions": [MODERN], "capabilities": self.capabilities(True),
            "instructions": f"Instructions of fixture{self.tag}.",
        }

    async def initialize(self, request):
        asked = request.params["protocolVersion"]
        known = [one for one in LEGACY if one <= self.given.revision]
        request.session.revision = asked if asked in known else self.given.revision
        request.session.capabilities = request.params.get("capabilities", {})
        self.legacy_sessions.append(request.session)
        return {
            "protocolVersion": request.session.revision, "capabilities": self.capabilities(False),
            "serverInfo": self.info, "instructions": f"Instructions of fixture{self.tag}.",
        }

    async def ping(self, request):
        return {}

    async def set_level(self, request):
        request.session.level = request.params["level"]
        return {}

    async def subscribe(self, request):
        request.session.subscribed.add(request.params["uri"])
        return {}

    async def unsubscribe(self, request):
        request.session.subscribed.discard(request.params["uri"])
        return {}

    async def notice(self, message, session):
        """Notices that need no answer; `initialized` is where roots may be asked for."""

    async def listen(self, request):
        wanted = request.params.get("notifications") or {}
        meta = {PREFIX + "subscriptionId": request.id}
        known = ("toolsListChanged", "promptsListChanged", "resourcesListChanged", "resourceSubscriptions")
        honoured = {key: value for key, value in wanted.items() if key in known}
        await request.notify("notifications/subscriptions/acknowledged", {"_meta": meta, "notifications": honoured})
        listener = (request, honoured, meta)
        self.listeners.append(listener)
        try:
            await asyncio.Event().wait()
        finally:
            self.listeners.remove(listener)

    async def changed(self, kind):
        """Tells everybody who wants to know that a list has changed."""
        method = f"notifications/{kind}/list_changed"
        for request, wanted, meta in list(self.listeners):
            if wanted.get(f"{kind}ListChanged"):
                await request.notify(method, {"_meta": meta})
        await self.tell(lambda session: True, {"jsonrpc": "2.0", "method": method})

    async def updated(self, uri):
        method = "notifications/resources/updated"
        for request, wanted, meta in list(self.listeners):
            if uri in wanted.get("resourceSubscriptions", []):
                await request.notify(method, {"_meta": meta, "uri": uri})
        await self.tell(
            lambda session: uri in session.subscribed, {"jsonrpc": "2.0", "method": method, "params": {"uri": uri}}
        )

    async def tell(self, wants, message):
        for session in self.legacy_sessions:
            if session.notify and wants(session):
                try:
                    await session.notify(message)
                except OSError:
                    session.notify = None
