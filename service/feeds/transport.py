"""Connections for httpx that are made to checked addresses only.

A name is resolved once for a connection, each address is checked, and the connection is made to the address and not to
the name: what the name resolves to a moment later (DNS rebinding) does not matter. The `Host` header and the TLS server
name stay those of the URL. Redirects are requests of their own and pass here as well.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any

import httpcore
import httpx

from service.feeds.addresses import AddressPolicy, refused
from service.feeds.failures import AddressRefused, FetchFailed

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
_MAX_CONNECTIONS = 100


async def resolve_by_system(host: str, port: int) -> list[str]:
    """The numeric addresses of a host, as the system prefers them; raises FetchFailed when it has none."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise FetchFailed(f"{host} cannot be resolved: {why}", transient=True) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens TCP connections to addresses that the policy allows; raises AddressRefused where a host has none."""

    def __init__(self, policy: AddressPolicy, resolve: Resolve = resolve_by_system) -> None:
        self._policy = policy
        self._resolve = resolve
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first allowed address of `host` that answers."""
        failure: Exception | None = None
        for address in await self._allowed(host, port):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = failure or error
        raise failure or FetchFailed(f"{host} has no address", transient=True)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._inner.sleep(seconds)

    async def _allowed(self, host: str, port: int) -> list[str]:
        addresses = await self._resolve(host, port)
        if self._policy.allows_host(host):
            return list(addresses)
        kinds = {address: self._policy.refusal(address) for address in addresses}
        allowed = [address for address, kind in kinds.items() if kind is None]
        if kinds and not allowed:
            address, kind = next(iter(kinds.items()))
            raise AddressRefused(refused(host, address, kind or "refused"))
        return allowed


class GuardedTransport(httpx.AsyncBaseTransport):
    """Carries httpx requests over the guarded backend; proxies of the environment are not used, they would undo it."""

    def __init__(
        self, policy: AddressPolicy, resolve: Resolve = resolve_by_system, tls: ssl.SSLContext | None = None
    ) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or httpx.create_ssl_context(),
            max_connections=_MAX_CONNECTIONS,
            keepalive_expiry=5.0,
            network_backend=GuardedBackend(policy, resolve),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; raises httpcore's errors, AddressRefused and FetchFailed."""
        assert isinstance(request.stream, httpx.AsyncByteStream)
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        response = await self._pool.handle_async_request(
            httpcore.Request(
                request.method, url, headers=request.headers.raw, content=request.stream, extensions=request.extensions
            )
        )
        assert isinstance(response.stream, AsyncIterable)
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response.stream))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, stream: AsyncIterable[bytes]) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            yield piece

    async def aclose(self) -> None:
        close = getattr(self._stream, "aclose", None)
        if close is not None:
            await close()
