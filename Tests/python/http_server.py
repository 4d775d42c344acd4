"""A small HTTP server on the official Python SDK: 2.x in the environment `new`, 1.x in `old`.

Prints `listening on http://127.0.0.1:PORT/mcp` on stdout when it is ready.
"""

import argparse
import asyncio
import datetime
import ipaddress
import socket

import uvicorn
from pydantic import BaseModel

from mcp.types import SamplingMessage, TextContent

try:
    from mcp.server.mcpserver import Context, Elicit, MCPServer, Resolve, Sample

    IS_NEW = True
except ImportError:
    from mcp.server.fastmcp import Context
    from mcp.server.fastmcp import FastMCP as MCPServer

    IS_NEW = False

if IS_NEW:
    from typing import Annotated

    from mcp.server.elicitation import ElicitationResult
    from mcp.types import CreateMessageResult


class Sum(BaseModel):
    sum: int


class Answer(BaseModel):
    answer: str


VERSIONS = set()
CONNECTIONS = set()


def watched(app):
    """Notes how each request comes."""

    async def watch(scope, receive, send):
        if scope["type"] == "http":
            VERSIONS.add(scope["http_version"])
            CONNECTIONS.add(tuple(scope["client"]))
        await app(scope, receive, send)

    return watch


def certificate(directory):
    """A certificate for 127.0.0.1 that is its own authority, in DIRECTORY/cert.pem and key.pem."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stonegate test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    with open(f"{directory}/cert.pem", "wb") as file:
        file.write(made.public_bytes(serialization.Encoding.PEM))
    with open(f"{directory}/key.pem", "wb") as file:
        file.write(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )


async def serve_tls(app, listener, directory):
    """HTTP/2 and HTTP/1.1 over TLS, as the client chooses."""
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    certificate(directory)
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.certfile, config.keyfile = f"{directory}/cert.pem", f"{directory}/key.pem"
    config.graceful_timeout = 1
    config.loglevel = "ERROR"
    print(f"listening on https://127.0.0.1:{listener.getsockname()[1]}/mcp", flush=True)
    await serve(watched(app), config)


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
    def carriers() -> str:
        """The HTTP versions and the number of connections that requests have come by so far."""
        return f"{sorted(VERSIONS)} over {len(CONNECTIONS)} connections"

    @server.tool()
    async def wait(ms: int) -> str:
        """Answers after a time."""
        await asyncio.sleep(ms / 1000)
        return f"waited {ms} ms"


def messages(text):
    return [SamplingMessage(role="user", content=TextContent(type="text", text=text))]


def questions_in_session(server):
    """Questions as requests, the way of the sessions."""

    @server.tool()
    async def question(message: str, context: Context) -> str:
        """Asks the user, in the way of this server's revision."""
        reply = await context.elicit(message, Answer)
        return f"{reply.action}: {reply.data.answer if reply.action == 'accept' else ''}"

    @server.tool()
    async def sample(prompt: str, context: Context) -> str:
        """Asks the client's model, in the way of this server's revision."""
        reply = await context.session.create_message(messages(prompt), max_tokens=50)
        return f"{reply.model}: {reply.content.text}"


def questions_in_rounds(server):
    """Questions as `input_required`, the way of 2026-07-28; in a session the SDK makes requests of them."""

    async def asked(message: str):
        return Elicit(message, Answer)

    async def sampled(prompt: str):
        return Sample(messages(prompt), max_tokens=50)

    @server.tool()
    async def question(message: str, reply: Annotated[ElicitationResult[Answer], Resolve(asked)]) -> str:
        """Asks the user, in the way of this server's revision."""
        return f"{reply.action}: {reply.data.answer if reply.action == 'accept' else ''}"

    @server.tool()
    async def sample(prompt: str, reply: Annotated[CreateMessageResult, Resolve(sampled)]) -> str:
        """Asks the client's model, in the way of this server's revision."""
        return f"{reply.model}: {reply.content.text}"


def named(name, **more):
    server = MCPServer(name, log_level="CRITICAL", **more)
    tools(server)
    (questions_in_rounds if IS_NEW else questions_in_session)(server)
    return server


def application(given):
    if IS_NEW:
        server = named("http-new", version="1.0.0")
        if given.sse:
            return server.sse_app()
        return server.streamable_http_app(json_response=given.json, stateless_http=given.stateless)
    server = named("http-old", json_response=given.json, stateless_http=given.stateless)
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
    parser.add_argument("--tls", metavar="DIRECTORY", help="HTTPS with HTTP/2; the certificate is left there")
    parser.add_argument("--stdio", action="store_true", help="speak over stdin and stdout instead")
    given = parser.parse_args()
    if given.stdio:
        return named("stdio").run(transport="stdio")
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", given.port))
    if given.tls:
        listener.listen(128)
        return asyncio.run(serve_tls(application(given), listener, given.tls))
    server = Server(uvicorn.Config(application(given), log_level="warning", timeout_graceful_shutdown=1))
    server.path = "sse" if given.sse else "mcp"
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
