"""Prefect's own server, told to keep its pages from calling anybody else.

The interface asks an outside analytics host even where analytics is switched off, and its
Markdown may hold addresses of pictures; a content security policy stops both.
"""

from __future__ import annotations

import sys

import uvicorn
from prefect.server.api.server import create_app
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOST = "127.0.0.1"


def policy(port: int) -> str:
    """What the pages may fetch: this server, under both of its names."""
    own = f"'self' http://{HOST}:{port} ws://{HOST}:{port} ws://localhost:{port}"
    pictures = "img-src 'self' data: blob:; font-src 'self' data:"
    return f"connect-src {own}; {pictures}; form-action 'self'; frame-ancestors 'none'"


def with_policy(app: ASGIApp, content_policy: str) -> ASGIApp:
    """``app`` with the policy in the headers of every answer."""
    header = (b"content-security-policy", content_policy.encode())

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        async def with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], header]}
            await send(message)

        await app(scope, receive, with_header)

    return served


def main(port: int) -> None:
    """Serves until it is told to end."""
    uvicorn.run(
        with_policy(create_app(final=True), policy(port)),
        host=HOST,
        port=port,
        log_level="warning",
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
