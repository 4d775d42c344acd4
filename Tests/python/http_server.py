"""A small HTTP server on the official Python SDK: 2.x in the environment `new`, 1.x in `old`.

Prints `listening on http://127.0.0.1:PORT/mcp` on stdout when it is ready.
"""

import argparse
import asyncio
import socket

import uvicorn
from pydantic import BaseModel

try:
    from mcp.server.mcpserver import Context, MCPServer

    IS_NEW = True
except ImportError:
    from mcp.server.fastmcp import Context
    from mcp.server.fastmcp import FastMCP as MCPServer

    IS_NEW = False


class Sum(BaseModel):
    sum: int


class Answer(BaseModel):
    answer: str


def tools(server):
    @server.tool()
    def echo(text: str) -> str:
        """Returns the text."""
        return text

    @server.tool()
    def add(a: int, b: int) -> Sum:
        """Adds two integers; the answer is structured."""
        return Sum(sum=a + b)

    @server.tool()
    async def steps(n: int, context: Context) -> str:
        """Reports n steps."""
        for step in range(1, n + 1):
            await context.report_progress(step, n, f"step {step} of {n}")
        return f"done after {n} steps"

    @server.tool()
    def fail(message: str = "this tool always fails") -> str:
        """Fails as a tool does."""
        raise ValueError(message)

    @server.tool()
    async def ask(message: str, context: Context) -> str:
        """Asks the user a question."""
        reply = await context.elicit(message, Answer)
        return f"{reply.action}: {reply.data.answer if reply.action == 'accept' else ''}"

    @server.tool()
    async def wait(ms: int) -> str:
        """Answers after a time."""
        await asyncio.sleep(ms / 1000)
        return f"waited {ms} ms"


def application(given):
    if IS_NEW:
        server = MCPServer("http-new", version="1.0.0", log_level="CRITICAL")
        tools(server)
        if given.sse:
            return server.sse_app()
        return server.streamable_http_app(json_response=given.json, stateless_http=given.stateless)
    server = MCPServer("http-old", log_level="CRITICAL", json_response=given.json, stateless_http=given.stateless)
    tools(server)
    return server.sse_app() if given.sse else server.streamable_http_app()


class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        port = sockets[0].getsockname()[1]
        print(f"listening on http://127.0.0.1:{port}/{self.path}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="JSON answers instead of event streams (legacy eras)")
    parser.add_argument("--stateless", action="store_true", help="no sessions (legacy eras)")
    parser.add_argument("--sse", action="store_true", help="the 2024-11-05 transport, at /sse")
    given = parser.parse_args()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", given.port))
    server = Server(uvicorn.Config(application(given), log_level="warning", timeout_graceful_shutdown=1))
    server.path = "sse" if given.sse else "mcp"
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
