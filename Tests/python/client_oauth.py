"""The official Python SDK 2.x as a client that signs in: it is told the gateway's address and finds everything else.

Signs in as --user at whatever provider the gateway names, registers itself there, then lists the tools and makes the given calls.
"""

import urllib.parse

import anyio
import client_steps
import httpx2
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientMetadata

REDIRECT = "http://127.0.0.1:9/callback"


class Memory:
    """Where the SDK keeps what it gets; each run begins with nothing."""

    tokens = None
    client_info = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client_info

    async def set_client_info(self, client_info):
        self.client_info = client_info


class Person:
    """Stands in for the browser and whoever sits before it."""

    def __init__(self, name):
        self.name = name
        self.answer = None

    async def open(self, url):
        async with httpx2.AsyncClient() as browser:
            page = await browser.get(url)
            page.raise_for_status()
            answer = await browser.post(url, data={"sub": self.name})
        self.answer = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer.headers["location"]).query))
        client_steps.say("signed_in", user=self.name, at="{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(url)))

    async def come_back(self):
        return AuthorizationCodeResult(code=self.answer["code"], state=self.answer.get("state"), iss=self.answer.get("iss"))


async def session(given, steps):
    person = Person(given.answer)
    memory = Memory()
    auth = OAuthClientProvider(
        server_url=given.url,
        client_metadata=OAuthClientMetadata(
            client_name="test", redirect_uris=[REDIRECT], token_endpoint_auth_method="client_secret_post"
        ),
        storage=memory,
        redirect_handler=person.open,
        callback_handler=person.come_back,
    )
    http = httpx2.AsyncClient(auth=auth, timeout=given.timeout)
    async with Client(streamable_http_client(given.url, http_client=http), mode=given.mode) as client:
        client_steps.say("connected", protocol=client.protocol_version)

        async def list_page(cursor):
            return (await client.list_tools(cursor=cursor)).model_dump(mode="json", by_alias=True, exclude_none=True)

        async def call(tool, arguments, progress):
            result = await client.call_tool(tool, arguments, progress_callback=progress)
            return result.model_dump(mode="json", by_alias=True, exclude_none=True)

        await steps.run(list_page, call)
    client_steps.say("token", access_token=memory.tokens.access_token, scope=memory.tokens.scope)


if __name__ == "__main__":
    client_steps.main(session, client_steps.arguments(__doc__, ["auto", "legacy"]), anyio.run)
