"""The official Python SDK 2.x as a client: lists the tools, then makes the given calls."""

import anyio
import client_steps
from mcp import Client, StdioServerParameters, types
from mcp.client.streamable_http import streamable_http_client


def wire(model):
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


async def session(given, steps):
    async def answer(context, params):
        schema = wire(params).get("requestedSchema")
        return types.ElicitResult(action="accept", content=client_steps.content_for(schema, given.answer))

    async def sampled(context, params):
        return types.CreateMessageResult(**client_steps.sampled(wire(params), given.answer))

    if given.command:
        target = StdioServerParameters(command=given.command[0], args=given.command[1:], env=given.variables)
    elif given.headers:
        import httpx2

        target = streamable_http_client(given.url, http_client=httpx2.AsyncClient(headers=given.headers, timeout=300))
    else:
        target = given.url
    client = Client(
        target,
        mode=given.mode,
        read_timeout_seconds=given.timeout,
        elicitation_callback=answer if given.answer is not None else None,
        sampling_callback=sampled if given.answer is not None else None,
    )
    async with client:
        client_steps.say("connected", protocol=client.protocol_version, server=wire(client.server_info))

        async def list_page(cursor):
            return wire(await client.list_tools(cursor=cursor, cache_mode="bypass" if cursor is None else "use"))

        async def call(tool, arguments, progress):
            return wire(await client.call_tool(tool, arguments, progress_callback=progress))

        await steps.run(list_page, call)


if __name__ == "__main__":
    client_steps.main(session, client_steps.arguments(__doc__, ["auto", "legacy"]), anyio.run)
