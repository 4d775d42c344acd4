"""What fixture.py offers: tools, prompts, resources, completion and tasks. Every name ends in the server's tag."""

import asyncio
import json
import os
import sys
import uuid

from fixture_core import LEVELS, PREFIX, Failure, Raw

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SOUND = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="
FORM = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "title": "Name", "minLength": 1},
        "age": {"type": "integer", "minimum": 0},
        "member": {"type": "boolean", "default": True},
        "colour": {"type": "string", "enum": ["red", "green"]},
    },
    "required": ["name"],
}
TITLED = {
    "type": "object",
    "properties": {"pick": {"type": "string", "oneOf": [{"const": "a", "title": "An A"}, {"const": "b", "title": "A B"}]}},
}
MULTI = {
    "type": "object",
    "properties": {"many": {"type": "array", "items": {"type": "string", "enum": ["x", "y"]}}},
}
FORMS = {"plain": FORM, "titled": TITLED, "multi": MULTI}


def text(value):
    return {"content": [{"type": "text", "text": value}], "isError": False}


def structured(value):
    return {**text(value if isinstance(value, str) else json.dumps(value)), "structuredContent": value}


async def echo(call, args):
    return text(args.get("text", ""))


async def raw(call, args):
    """The message as it came, its headers beside it."""
    return structured({"raw": call.text, "headers": call.headers})


async def verbatim(call, args):
    return {**text("verbatim"), "structuredContent": Raw(args["json"])}


async def shape(call, args):
    values = {"object": {"a": 1}, "array": [1, 2], "string": "s", "number": 7, "null": None, "boolean": True}
    return structured(values[args["shape"]])


async def kinds(call, args):
    uri = f"fix://{call.server.tag or 'x'}/text"
    blocks = [
        {"type": "text", "text": "plain", "annotations": {"audience": ["user"], "priority": 0.5}},
        {"type": "image", "data": PIXEL, "mimeType": "image/png"},
        {"type": "resource", "resource": {"uri": uri, "mimeType": "text/plain", "text": "embedded"}},
        {"type": "resource", "resource": {"uri": uri + ".bin", "blob": "AAEC", "mimeType": "application/octet-stream"}},
    ]
    revision = call.session.revision
    if revision >= "2025-03-26":
        blocks.append({"type": "audio", "data": SOUND, "mimeType": "audio/wav"})
    if revision >= "2025-06-18":
        blocks.append({"type": "resource_link", "uri": uri, "name": "text", "mimeType": "text/plain", "size": 5})
    return {"content": blocks, "isError": False, "_meta": {"com.example/kept": [1, 1.0, 12345678901234567890]}}


async def fail(call, args):
    return {"content": [{"type": "text", "text": args.get("text", "it failed")}], "isError": True}


async def error(call, args):
    raise Failure(args["code"], args.get("text", "an error of the server"), args.get("data"))


async def progress(call, args):
    for step in range(1, args.get("n", 3) + 1):
        await call.progress(step, args.get("n", 3), f"step {step}")
    return text(f"done after {args.get('n', 3)}")


async def log(call, args):
    for level in LEVELS:
        await call.log(level, {"key": args.get("key"), "level": level})
    return text("logged")


async def hang(call, args):
    call.server.record.event("began", key=args.get("key"))
    await call.progress(1, 2, "hanging")
    await asyncio.Event().wait()


async def slow(call, args):
    call.server.record.event("began", key=args.get("key"))
    await asyncio.sleep(args.get("ms", 100) / 1000)
    call.server.record.event("ended", key=args.get("key"))
    return text(f"slept {args.get('key', '')}")


async def sees(call, args):
    """What the server knows of its client, on this call."""
    return structured({"capabilities": call.capabilities, "meta": call.meta, "revision": call.session.revision})


async def executed(call, args):
    key = args["key"]
    call.server.counts[key] = call.server.counts.get(key, 0) + 1
    return structured({"count": call.server.counts[key]})


async def crash(call, args):
    call.server.record.event("crash", key=args.get("key"))
    os._exit(3)


async def drop(call, args):
    """Breaks the connection in the middle of the answer."""
    call.server.record.event("began", key=args.get("key"))
    call.is_dropped = True
    if call.exchange:
        await call.exchange.open_stream()
        call.exchange.writer.close()
        return text("never seen")
    os._exit(4)


async def poll(call, args):
    """A stream that is closed early and continued by GET with Last-Event-ID."""
    exchange = call.exchange
    if exchange is None or call.is_modern:
        return text("polled")
    number = uuid.uuid4().hex
    call.session.expected.add(number)
    call.is_polled = number
    await exchange.open_stream()
    await exchange.chunk(f"id: {number}\nretry: 50\ndata: \n\n")
    exchange.writer.write(b"0\r\n\r\n")
    await exchange.writer.drain()
    exchange.writer.close()
    await asyncio.sleep(0.1)
    return text("polled")


async def forget(call, args):
    """Forgets every session, as a restarted server does."""
    if call.exchange:
        call.exchange.http.sessions.clear()
    return text("forgotten")


async def noise(call, args):
    if call.is_pipe:
        sys.stdout.write("this line is no JSON\n\n{broken\n")
        sys.stdout.flush()
    else:
        await call.exchange.open_stream()
        await call.exchange.chunk(": a comment\n\nevent: other\ndata: nothing\n\n")
    return text("after noise")


async def long_line(call, args):
    return text("x" * args["bytes"])


async def ask_back(call, args):
    """What the client says to a ping and to requests that nobody knows."""
    if call.is_modern:
        return structured({})
    pong = await call.asking("ping")
    other = await call.asking("no/such/method", {})
    return structured({"ping": pong, "unknown": other})


# Questions. In a session they are requests that are waited for; otherwise the call ends with input_required.


async def questions(call, wanted, rounds=None):
    """`wanted`: key -> (method, params). Returns key -> result, or an interim result as `Interim`."""
    if not call.is_modern:
        asked = [call.asking(method, params) for method, params in wanted.values()]
        answers = await asyncio.gather(*asked)
        return {key: one.get("result") or {"error": one.get("error")} for key, one in zip(wanted, answers)}
    given = call.params.get("inputResponses") or {}
    if all(key in given for key in wanted):
        return given
    missing = {key: value for key, value in wanted.items() if key not in given}
    need = {"elicitation/create": "elicitation", "sampling/createMessage": "sampling", "roots/list": "roots"}
    for method, _ in missing.values():
        if need[method] not in call.capabilities:
            raise Failure(-32021, "a capability is missing", {"requiredCapabilities": {need[method]: {}}})
    requests = {
        key: {"method": method, **({} if params is None else {"params": params})}
        for key, (method, params) in missing.items()
    }
    raise Interim({"resultType": "input_required", "inputRequests": requests, **(rounds or {})})


class Interim(Exception):
    def __init__(self, result):
        super().__init__("input required")
        self.result = result


def elicitation(args, revision):
    form = FORMS[args.get("form", "plain")]
    if args.get("mode") == "url":
        found = {"mode": "url", "message": args.get("message", "go"), "url": "https://example.com/consent?x=1"}
        return {**found, "elicitationId": "e-" + str(args.get("key"))} if revision < "2026" else found
    mode = {"mode": "form"} if revision >= "2025-11-25" else {}
    return {**mode, "message": args.get("message", "who?"), "requestedSchema": form}


def sampling(args):
    found = {"messages": [{"role": "user", "content": {"type": "text", "text": args.get("message", "say")}}], "maxTokens": 50}
    if args.get("tools"):
        found["tools"] = [{"name": "look", "description": "looks", "inputSchema": {"type": "object"}}]
        found["toolChoice"] = {"mode": "auto"}
    return found


async def ask(call, args):
    params = elicitation(args, call.session.revision)
    answers = await questions(call, {"who": ("elicitation/create", params)})
    return structured({"key": args.get("key"), "answer": answers["who"]})


async def sample(call, args):
    answers = await questions(call, {"said": ("sampling/createMessage", sampling(args))})
    return structured({"key": args.get("key"), "answer": answers["said"]})


async def roots(call, args):
    answers = await questions(call, {"roots": ("roots/list", None)})
    return structured({"key": args.get("key"), "answer": answers["roots"]})


async def several(call, args):
    wanted = {
        "a": ("elicitation/create", elicitation({**args, "message": args.get("message", "") + " a"}, call.session.revision)),
        "b": ("elicitation/create", elicitation({**args, "message": args.get("message", "") + " b"}, call.session.revision)),
    }
    return structured({"answers": await questions(call, wanted)})


async def rounds(call, args):
    """Several rounds, one question each; in 2026-07-28 the state says how far it is."""
    total = args.get("n", 3)
    if not call.is_modern:
        names = []
        for step in range(1, total + 1):
            answers = await questions(call, {"q": ("elicitation/create", elicitation({"message": f"round {step}"}, "2025-11-25"))})
            names.append(answers["q"])
        return structured({"rounds": names})
    state = json.loads(call.params.get("requestState") or '{"step":0,"names":[]}')
    given = (call.params.get("inputResponses") or {}).get("q")
    if given is not None:
        state = {"step": state["step"] + 1, "names": state["names"] + [given]}
    if state["step"] >= total:
        return structured({"rounds": state["names"]})
    params = elicitation({"message": f"round {state['step'] + 1}"}, "2026-07-28")
    return {
        "resultType": "input_required", "requestState": json.dumps(state),
        "inputRequests": {"q": {"method": "elicitation/create", "params": params}},
    }


async def asked_progress(call, args):
    """Progress before and after a question."""
    if not call.params.get("inputResponses"):
        await call.progress(1, 2, "before")
    await questions(call, {"who": ("elicitation/create", elicitation(args, call.session.revision))})
    await call.progress(2, 2, "after")
    return text("done")


async def state_only(call, args):
    if not call.is_modern or call.params.get("requestState") == "wait-a-bit é":
        return text("the state came back")
    return {"resultType": "input_required", "requestState": "wait-a-bit é"}


async def url_needed(call, args):
    """The error -32042 of 2025-11-25, once for each key."""
    if call.is_modern:
        await questions(call, {"open": ("elicitation/create", elicitation({"mode": "url", **args}, "2026-07-28"))})
        return text("opened")
    key = "url " + str(args["key"])
    call.server.counts[key] = call.server.counts.get(key, 0) + 1
    if call.server.counts[key] == 1:
        params = elicitation({"mode": "url", **args}, "2025-11-25")
        raise Failure(-32042, "open this first", {"elicitations": [params]})
    return text("opened")


async def needs_sampling(call, args):
    if "sampling" not in call.capabilities:
        raise Failure(-32021, "sampling is needed", {"requiredCapabilities": {"sampling": {}}})
    return text("has sampling")


async def strange(call, args):
    return {**text("strange"), "resultType": "strange"} if call.is_modern else text("strange")


async def change(call, args):
    """Adds something to a list and says so; with `same` it only says so."""
    kind = args["kind"]
    if not args.get("same"):
        call.server.added[kind].append(args["name"])
    await call.server.changed(kind)
    return text("changed")


async def touch(call, args):
    await call.server.updated(args["uri"])
    return text("touched")


async def outside(call, args):
    """After the answer: a question and a log line that belong to no call."""
    session = call.session
    if call.is_modern or session.notify is None:
        return text("nothing")

    async def later():
        await asyncio.sleep(0.05)
        number = session.number
        session.number += 1
        waiting = session.pending[json.dumps(number)] = asyncio.get_running_loop().create_future()
        await session.notify({"jsonrpc": "2.0", "id": number, "method": "roots/list"})
        answer = await waiting
        call.server.record.event("outside", key=args.get("key"), answer=answer)

    call.server.background = asyncio.ensure_future(later())
    return text("later")


async def headered(call, args):
    return structured({"headers": {k: v for k, v in call.headers.items() if k.startswith("mcp-param-")}, "args": args})


async def remote(call, args):
    return structured({"args": args})


async def tasked(call, args):
    """A tool that runs as a task only: of 2025-11-25, or of the extension when the client has declared it."""
    if call.is_modern:
        if PREFIX + "tasks" in call.capabilities.get("extensions", {}):
            return {"resultType": "task", **new_task(call, False)}
        return text("done without a task")
    if "task" not in call.params:
        raise Failure(-32601, "this tool runs as a task only")
    return {"task": new_task(call, True)}


def new_task(call, is_legacy):
    number = uuid.uuid4().hex
    now = "2026-01-01T00:00:00Z"
    task = {"taskId": number, "status": "working", "createdAt": now, "lastUpdatedAt": now}
    task.update({"ttl": 60000, "pollInterval": 50} if is_legacy else {"ttlMs": 60000, "pollIntervalMs": 50})
    call.server.tasks[number] = {"task": task, "asked": 0, "key": (call.params.get("arguments") or {}).get("key")}
    return dict(task)


def schema(properties=None, **more):
    return {"type": "object", "properties": properties or {}, **more}


STRING, INTEGER = {"type": "string"}, {"type": "integer"}
RICH = schema(
    {"n": {"type": "integer", "maximum": 12345678901234567890, "multipleOf": 1.0}, "s": {"$ref": "#/$defs/s"}},
    **{"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": {"s": {"type": "string", "pattern": "^é\\d+$"}},
       "additionalProperties": False, "if": {"required": ["n"]}, "then": {"required": ["s"]}},
)
HEADERED = schema({
    "region": {**STRING, "x-mcp-header": "Region"},
    "count": {**INTEGER, "x-mcp-header": "Count"},
    "inner": {"type": "object", "properties": {"flag": {"type": "boolean", "x-mcp-header": "Flag"}}},
})
TOOLS = {
    "echo": (echo, schema({"text": STRING})), "raw": (raw, schema()), "verbatim": (verbatim, schema({"json": STRING})),
    "shape": (shape, schema({"shape": STRING})), "kinds": (kinds, schema()), "fail": (fail, schema()),
    "error": (error, schema({"code": INTEGER})), "progress": (progress, schema({"n": INTEGER})), "log": (log, schema()),
    "hang": (hang, schema({"key": STRING})), "slow": (slow, schema({"ms": INTEGER, "key": STRING})), "sees": (sees, schema()),
    "executed": (executed, schema({"key": STRING})), "crash": (crash, schema()), "drop": (drop, schema()),
    "poll": (poll, schema()), "forget": (forget, schema()), "noise": (noise, schema()),
    "long": (long_line, schema({"bytes": INTEGER})), "ask_back": (ask_back, schema()),
    "ask": (ask, schema({"message": STRING})), "sample": (sample, schema({"message": STRING})), "roots": (roots, schema()),
    "several": (several, schema({"message": STRING})), "rounds": (rounds, schema({"n": INTEGER})),
    "asked_progress": (asked_progress, schema()), "state_only": (state_only, schema()), "url_needed": (url_needed, schema({"key": STRING})),
    "needs_sampling": (needs_sampling, schema()), "strange": (strange, schema()),
    "change": (change, schema({"kind": STRING, "name": STRING})), "touch": (touch, schema({"uri": STRING})),
    "outside": (outside, schema()), "rich": (sees, RICH), "headered": (headered, HEADERED), "remote": (remote, None), "tasked": (tasked, schema()),
}


def mirrored(server, params):
    """The headers that must repeat an argument: name, value or None."""
    if params.get("name") != "headered" + server.tag:
        return []
    args = params.get("arguments") or {}
    flag = (args.get("inner") or {}).get("flag")
    values = {"region": args.get("region"), "count": args.get("count"), "flag": None if flag is None else json.dumps(flag)}
    return [(f"mcp-param-{key}", None if value is None else str(value)) for key, value in values.items()]


def paged(request, key, items):
    """One page; the first cursor after the start is the empty string."""
    size = request.server.given.page
    cursor = request.params.get("cursor")
    if not size:
        return {key: items}
    start = 0 if cursor is None else size if cursor == "" else int(cursor, 36)
    if cursor is not None and not 0 < start < len(items):
        raise Failure(-32602, "no such cursor")
    page = {key: items[start : start + size]}
    if start + size < len(items):
        after = start + size
        page["nextCursor"] = "" if after == size else base36(after)
    return page


def base36(number):
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
    return digits or "0"


async def list_tools(request):
    revision, tag = request.session.revision, request.server.tag
    tools = []
    for name, (_, rule) in TOOLS.items():
        if rule is None:
            continue
        tool = {"name": name + tag, "description": f"The tool {name}.", "inputSchema": rule}
        if name == "rich":
            tool["_meta"] = {"com.example/kept": {"n": Raw("1.0"), "big": Raw("12345678901234567890")}}
            if revision >= "2025-03-26":
                tool["annotations"] = {"readOnlyHint": True, "title": "Rich one", "com.example/more": [1]}
            if revision >= "2025-06-18":
                tool["title"] = "Rich"
                tool["outputSchema"] = {"type": "object", "additionalProperties": True}
            if revision >= "2025-11-25":
                tool["icons"] = [{"src": "data:image/png;base64," + PIXEL, "mimeType": "image/png", "sizes": ["1x1"]}]
        if name == "tasked" and revision == "2025-11-25":
            tool["execution"] = {"taskSupport": "required"}
        tools.append(tool)
    if revision >= "2026":
        tools.append({"name": "any" + tag, "inputSchema": schema(), "outputSchema": {"type": "array"}})
        bad = schema({"n": {"type": "number", "x-mcp-header": "N"}})
        tools.append({"name": "bad_header" + tag, "inputSchema": bad})
    elsewhere = {"$ref": f"http://127.0.0.1:{request.server.given.report or 9}/schema.json"}
    tools.append({"name": "remote" + tag, "inputSchema": schema({"x": elsewhere})})
    tools += [{"name": name, "description": "Added.", "inputSchema": schema()} for name in request.server.added["tools"]]
    return paged(request, "tools", tools)


async def call_tool(request):
    name = str(request.params.get("name", ""))
    args = request.params.get("arguments") or {}
    own = name.removesuffix(request.server.tag)
    if own == "any":
        return structured([1, "two"])
    if name in request.server.added["tools"]:
        return text("added")
    if own not in TOOLS or name != own + request.server.tag:
        raise Failure(-32602, "Unknown tool: " + name)
    try:
        return await TOOLS[own][0](request, args)
    except Interim as interim:
        return interim.result


def prompts(server):
    tag = server.tag
    argument = {"name": "name", "description": "who", "required": True}
    found = [
        {"name": "greet" + tag, "description": "Greets.", "arguments": [argument], "_meta": {"com.example/kept": 1}},
        {"name": "plain" + tag, "description": "No arguments."},
        {"name": "rich" + tag, "description": "Image and resource."},
        {"name": "asking" + tag, "description": "Asks before it answers."},
    ]
    return found + [{"name": name} for name in server.added["prompts"]]


async def list_prompts(request):
    return paged(request, "prompts", prompts(request.server))


def said(*blocks):
    return {"messages": [{"role": "user", "content": block} for block in blocks]}


async def get_prompt(request):
    tag, name = request.server.tag, request.params.get("name")
    args = request.params.get("arguments") or {}
    uri = f"fix://{tag or 'x'}/text"
    if name == "greet" + tag:
        if "name" not in args:
            raise Failure(-32602, "the argument name is missing")
        return {"description": "Greets.", **said({"type": "text", "text": "Hello " + args["name"]})}
    if name == "plain" + tag or name in request.server.added["prompts"]:
        return said({"type": "text", "text": "plain"})
    if name == "rich" + tag:
        embedded = {"type": "resource", "resource": {"uri": uri, "mimeType": "text/plain", "text": "embedded"}}
        return said({"type": "image", "data": PIXEL, "mimeType": "image/png"}, embedded)
    if name == "asking" + tag:
        try:
            params = elicitation({"message": "prompt?"}, request.session.revision)
            answers = await questions(request, {"who": ("elicitation/create", params)})
        except Interim as interim:
            return interim.result
        return said({"type": "text", "text": "asked " + json.dumps(answers["who"])})
    raise Failure(-32602, f"Unknown prompt: {name}")


def resources(server):
    base = f"fix://{server.tag or 'x'}/"
    found = [
        {"uri": base + "text", "name": "text" + server.tag, "mimeType": "text/plain", "size": 5},
        {"uri": base + "blob", "name": "blob" + server.tag, "mimeType": "application/octet-stream"},
        {"uri": base + "a%20b?q=%C3%A9#f", "name": "odd" + server.tag},
        {"uri": base + "asking", "name": "asking" + server.tag},
    ]
    return found + [{"uri": base + name, "name": name} for name in server.added["resources"]]


async def list_resources(request):
    return paged(request, "resources", resources(request.server))


async def list_templates(request):
    base = f"fix://{request.server.tag or 'x'}/"
    found = [{"uriTemplate": base + "item/{id}", "name": "item" + request.server.tag, "mimeType": "application/json"}]
    found.append({"uriTemplate": base + "path/{+rest}", "name": "path" + request.server.tag})
    return paged(request, "resourceTemplates", found)


async def read_resource(request):
    base, uri = f"fix://{request.server.tag or 'x'}/", request.params.get("uri", "")
    known = [one["uri"] for one in resources(request.server)]
    if uri == base + "blob":
        return {"contents": [{"uri": uri, "mimeType": "application/octet-stream", "blob": "AAEC"}]}
    if uri == base + "asking":
        try:
            params = elicitation({"message": "resource?"}, request.session.revision)
            answers = await questions(request, {"who": ("elicitation/create", params)})
        except Interim as interim:
            return interim.result
        return {"contents": [{"uri": uri, "text": json.dumps(answers["who"])}]}
    if uri in known or uri.startswith((base + "item/", base + "path/")):
        return {"contents": [{"uri": uri, "mimeType": "text/plain", "text": "text of " + uri}]}
    data = {"uri": uri}
    raise Failure(-32602 if request.is_modern else -32002, "Resource not found", data)


async def complete(request):
    ref, argument = request.params["ref"], request.params["argument"]
    words = ["paris", "park", "party"] if ref["type"] == "ref/prompt" else ["10", "11", "20"]
    found = [word for word in words if word.startswith(argument["value"])]
    context = (request.params.get("context") or {}).get("arguments")
    values = found + ([json.dumps(context)] if context else [])
    return {"completion": {"values": values, "total": len(values), "hasMore": False}}


def task_of(request):
    found = request.server.tasks.get(request.params.get("taskId"))
    if found is None:
        raise Failure(-32602, "no such task")
    return found


async def get_task(request):
    found = task_of(request)
    found["asked"] += 1
    if found["asked"] >= 2 and found["task"]["status"] == "working":
        found["task"]["status"] = "completed"
    done = found["task"]["status"] == "completed"
    inlined = {"result": text(f"task of {found['key']}")} if request.is_modern and done else {}
    return {**found["task"], **inlined}


async def task_result(request):
    found = task_of(request)
    found["task"]["status"] = "completed"
    meta = {"io.modelcontextprotocol/related-task": {"taskId": found["task"]["taskId"]}}
    return {**text(f"task of {found['key']}"), "_meta": meta}


async def cancel_task(request):
    found = task_of(request)
    found["task"]["status"] = "cancelled"
    request.server.record.event("task cancelled", key=found["key"])
    return {} if request.is_modern else dict(found["task"])


async def list_tasks(request):
    return {"tasks": [one["task"] for one in request.server.tasks.values()]}


METHODS = {
    "tools/list": list_tools, "tools/call": call_tool, "prompts/list": list_prompts, "prompts/get": get_prompt,
    "resources/list": list_resources, "resources/templates/list": list_templates, "resources/read": read_resource,
    "completion/complete": complete, "tasks/get": get_task, "tasks/result": task_result, "tasks/cancel": cancel_task,
    "tasks/list": list_tasks,
}
