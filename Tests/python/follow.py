"""The official Python SDK following a resource: 1.x by `resources/subscribe`, 2.x by `subscriptions/listen`.

Usage: follow.py URL RESOURCE TOUCH. Calls the tool TOUCH for the resource and prints the update that comes as one JSON line.
"""

import importlib.metadata
import json
import sys

import anyio

URL, RESOURCE, TOUCH = sys.argv[1:]


def say(**facts):
    print(json.dumps(facts), flush=True)


async def old():
    from mcp import ClientSession, types
    from mcp.client.streamable_http import streamablehttp_client

    updated = anyio.Event()

    async def hear(message):
        if isinstance(message, types.ServerNotification):
            if isinstance(message.root, types.ResourceUpdatedNotification):
                say(updated=str(message.root.params.uri))
                updated.set()

    async with streamablehttp_client(URL) as (reading, writing, _):
        async with ClientSession(reading, writing, message_handler=hear) as client:
            hello = await client.initialize()
            say(subscribe=hello.capabilities.resources.subscribe if hello.capabilities.resources else None)
            await client.subscribe_resource(RESOURCE)
            # The stream of notices is opened beside the first requests.
            with anyio.fail_after(30):
                while not updated.is_set():
                    await client.call_tool(TOUCH, {"uri": RESOURCE})
                    with anyio.move_on_after(1):
                        await updated.wait()
            await client.unsubscribe_resource(RESOURCE)


async def new():
    from mcp import Client

    async with Client(URL) as client:
        async with client.listen(resource_subscriptions=[RESOURCE]) as subscription:
            await client.call_tool(TOUCH, {"uri": RESOURCE})
            with anyio.fail_after(30):
                async for event in subscription:
                    uri = getattr(event, "uri", None)
                    if uri is not None:
                        say(updated=str(uri))
                        return


anyio.run(new if importlib.metadata.version("mcp").startswith("2.") else old)
