"""The official Python SDK 1.x as a client: lists the tools, then makes the given calls."""

import contextlib
from datetime import timedelta

import anyio
import client_steps
from mcp import ClientSession, StdioServerParameters, types
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamablehttp_client


def wire(model):
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


@contextlib.asynccontextmanager
async def streams(given):
    if given.command:
        server = StdioServerParameters(command=given.command[0], args=given.command[1:], env=given.variables)
        async with stdio_client(server) as (reading, writing):
            yield reading, writing
    elif given.url.split("?")[0].endswith("/sse"):
        # The transport of 2024-11-05.
        async with sse_client(given.url, headers=given.headers) as (reading, writing):
            yield reading, writing
    else:
        async with streamablehttp_client(given.url, headers=given.headers) as (reading, writing, _):
            yield reading, writing


async def session(given, steps):
    async def answer(context, params):
        schema = wire(params).get("requestedSchema")
        return types.ElicitResult(action="accept", content=client_steps.content_for(schema, given.answer))

    async def sampled(context, params):
        return types.CreateMessageResult(**client_steps.sampled(wire(params), given.answer))

    async with streams(given) as (reading, writing):
        client = ClientSession(
            reading,
            writing,
            read_timeout_seconds=timedelta(seconds=given.timeout),
            elicitation_callback=answer if given.answer is not None else None,
            sampling_callback=sampled if given.answer is not None else None,
        )
        async with client:
            hello = await client.initialize()
            client_steps.say("connected", protocol=hello.protocolVersion, server=wire(hello.serverInfo))

            async def list_page(cursor):
                return wire(await client.list_tools(cursor))

            async def call(tool, arguments, progress):
                return wire(await client.call_tool(tool, arguments, progress_callback=progress))

            await steps.run(list_page, call)


if __name__ == "__main__":
    client_steps.main(session, client_steps.arguments(__doc__), anyio.run)
