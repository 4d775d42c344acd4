"""The official Python SDK 1.x behind a relay that cuts the connection of a call's answer in the middle.

Usage: resume_old.py PORT. Calls `progress` with three steps and prints what the SDK makes of it as one JSON line.
"""

import asyncio
import json
import sys

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client


class Relay:
    """Passes bytes on; the first answer that is a stream with progress in it is cut behind its first message."""

    def __init__(self, port):
        self.port = port
        self.cuts = 0
        self.resumed = 0

    async def serve(self, reading, writing):
        there, to_there = await asyncio.open_connection("127.0.0.1", self.port)

        async def forth():
            while data := await reading.read(65536):
                self.resumed += data.lower().count(b"last-event-id:")
                # The gateway knows itself by its own port only.
                data = data.replace(b"127.0.0.1:%d" % self.own, b"127.0.0.1:%d" % self.port)
                to_there.write(data)
            to_there.write_eof()

        async def back():
            while data := await there.read(65536):
                writing.write(data)
                if b"notifications/progress" in data and not self.cuts:
                    self.cuts += 1
                    await writing.drain()
                    writing.transport.abort()
                    to_there.transport.abort()
                    return

        ways = [asyncio.ensure_future(forth()), asyncio.ensure_future(back())]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        writing.close()
        to_there.close()

    async def start(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.own = server.sockets[0].getsockname()[1]
        return server


async def main():
    relay = Relay(int(sys.argv[1]))
    seen = []

    async def on_progress(value, total, message):
        seen.append(int(value))

    async with await relay.start():
        async with streamablehttp_client(f"http://127.0.0.1:{relay.own}/mcp") as (reading, writing, _):
            async with ClientSession(reading, writing) as client:
                hello = await client.initialize()
                result = await client.call_tool("progress", {"n": 3, "ms": 400}, progress_callback=on_progress)
                facts = {
                    "protocol": hello.protocolVersion, "text": result.content[0].text, "progress": seen,
                    "cuts": relay.cuts, "resumed": relay.resumed,
                }
                print(json.dumps(facts), flush=True)


asyncio.run(main())
