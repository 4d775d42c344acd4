"""What both client programs share: arguments, printed steps, exit codes.

Prints one JSON line for each step. Exit code: 0 all well; 3 a tool answered isError; 1 anything else went wrong.
"""

import argparse
import json
import sys
import time


def arguments(about, modes=None):
    parser = argparse.ArgumentParser(description=about, epilog=__doc__)
    parser.add_argument("--url", help="a streamable HTTP endpoint")
    parser.add_argument("--stdio", help="a command, as a JSON array of strings")
    parser.add_argument("--env", default="{}", help="with --stdio: a JSON object of variables to add")
    parser.add_argument("--header", action="append", default=[], metavar="NAME=VALUE", help="with --url")
    parser.add_argument("--timeout", type=float, default=30, help="seconds for each answer")
    parser.add_argument("--answer", help="what to answer when a tool asks; without it nothing can be asked")
    parser.add_argument("--no-list", action="store_true", help="call without listing first")
    if modes:
        parser.add_argument("--mode", default=modes[0], help=f"one of {', '.join(modes)}, or a revision")
    parser.add_argument("calls", nargs="*", metavar="TOOL JSON", help="pairs: a tool and its arguments")
    given = parser.parse_args()
    if bool(given.url) == bool(given.stdio) or len(given.calls) % 2:
        parser.error("give --url or --stdio, then pairs of TOOL JSON")
    given.headers = dict(item.split("=", 1) for item in given.header)
    given.command = json.loads(given.stdio) if given.stdio else None
    given.variables = json.loads(given.env)
    pairs = zip(given.calls[::2], given.calls[1::2])
    given.calls = [(tool, json.loads(text)) for tool, text in pairs]
    return given


def say(step, **facts):
    print(json.dumps({"step": step, **facts}, ensure_ascii=False), flush=True)


def content_for(schema, answer):
    """An elicitation answer: the text for strings, something of the right type for the rest."""
    samples = {"boolean": True, "integer": 1, "number": 1.5}
    properties = (schema or {}).get("properties", {})
    return {name: samples.get(rule.get("type"), answer) for name, rule in properties.items()}


def sampled(params, answer):
    """What this client's model says: the answer and what it was asked."""
    asked = params["messages"][-1]["content"]
    asked = asked[0] if isinstance(asked, list) else asked
    text = f"{answer} to {asked['text']}"
    return {"role": "assistant", "content": {"type": "text", "text": text}, "model": "test-model"}


class Steps:
    """Lists, calls, and remembers whether something went wrong."""

    def __init__(self, given):
        self.given = given
        self.code = 0

    async def run(self, list_page, call):
        """`list_page(cursor)` and `call(tool, arguments, progress)` give plain dictionaries in wire form."""
        if not self.given.no_list:
            tools, cursor, pages = [], None, 0
            while True:
                page = await list_page(cursor)
                tools += page["tools"]
                pages += 1
                cursor = page.get("nextCursor")
                if cursor is None:
                    break
            say("list", count=len(tools), pages=pages, tools=[tool["name"] for tool in tools])
        for tool, arguments in self.given.calls:
            await self.call(tool, arguments, call)

    async def call(self, tool, arguments, call):
        progress = []

        async def on_progress(value, total, message):
            progress.append([value, total, message])

        start = time.monotonic()
        try:
            result = await call(tool, arguments, on_progress)
        except Exception as error:  # the SDKs raise many kinds; each is this step's outcome
            say("error", tool=tool, kind=type(error).__name__, message=str(error), code=code_of(error))
            self.code = 1
            return
        texts = [block.get("text") for block in result.get("content", []) if block.get("type") == "text"]
        say(
            "call",
            tool=tool,
            is_error=bool(result.get("isError")),
            text="\n".join(texts),
            structured=result.get("structuredContent"),
            kinds=[block.get("type") for block in result.get("content", [])],
            progress=progress,
            ms=round((time.monotonic() - start) * 1000, 1),
        )
        if result.get("isError") and self.code == 0:
            self.code = 3


def code_of(error):
    return getattr(getattr(error, "error", error), "code", None)


def leaves(error):
    """The errors inside nested exception groups."""
    inner = getattr(error, "exceptions", None)
    return [leaf for one in inner for leaf in leaves(one)] if inner else [error]


def main(coroutine_of, given, run):
    steps = Steps(given)
    try:
        run(coroutine_of, given, steps)
    except BaseException as error:
        if isinstance(error, (SystemExit, KeyboardInterrupt)):
            raise
        for leaf in leaves(error):
            say("failed", kind=type(leaf).__name__, message=str(leaf), code=code_of(leaf))
        steps.code = 1
    sys.exit(steps.code)
