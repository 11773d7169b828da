"""Which hosts may be fetched from: the public ones, and those that a setting allows.

A feed's URL comes from others, so that following it must not reach what only this machine can: itself, its network, a
cloud's metadata service (OWASP: server-side request forgery).
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final
from urllib.parse import urldefrag

import msgspec

from service.errors import ConfigurationError, InvalidInput, TooLarge
from service.feeds.failures import AddressRefused

if TYPE_CHECKING:
    import httpx

SCHEMES: Final = ("http", "https")
MAX_URL_CHARACTERS: Final = 2_000
EVERYTHING: Final = "*"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# The last 32 bits of such an address are an IPv4 address that a gateway on the way may send to (RFC 6052).
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


class AddressPolicy(msgspec.Struct, frozen=True):
    """What is allowed besides public addresses: networks, hosts by name, or everything."""

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()
    everything: bool = False

    def allows_host(self, host: str) -> bool:
        """Whether the host may be fetched from whatever it resolves to."""
        return self.everything or host.lower().rstrip(".") in self.hosts

    def refusal(self, address: str) -> str | None:
        """Why `address` (numeric, perhaps with a zone) is not connected to, or None when it may be."""
        parsed = ipaddress.ip_address(address.partition("%")[0])
        if self.everything:
            return None
        for meant in _meanings(parsed):
            kind = _kind(meant)
            if kind is not None and not any(_within(meant, network) for network in self.networks):
                return kind
        return None


def policy_from(setting: str | None) -> AddressPolicy:
    """Read `MANCHETE_FEEDS_ALLOW_PRIVATE`: `*`, or hosts, addresses and networks with commas between.

    Raises ConfigurationError naming the part that is none of these.
    """
    networks: list[Network] = []
    hosts: set[str] = set()
    for part in filter(None, (part.strip().lower() for part in (setting or "").split(","))):
        if part == EVERYTHING:
            return AddressPolicy(everything=True)
        try:
            networks.append(ipaddress.ip_network(part, strict=False))
        except ValueError:
            if "/" in part or " " in part or ":" in part:
                name = "MANCHETE_FEEDS_ALLOW_PRIVATE"
                raise ConfigurationError(f"{name}: {part[:80]} is no host, address or network", field=name) from None
            hosts.add(part.rstrip("."))
    return AddressPolicy(tuple(networks), frozenset(hosts))


def check_url(url: str, policy: AddressPolicy, *, field: str = "url") -> str:
    """The URL as it is fetched, without its fragment; names are looked up only when it is.

    Raises InvalidInput naming `field` when it is no URL that may be fetched, TooLarge when it is too long.
    """
    url = url.strip()
    if len(url) > MAX_URL_CHARACTERS:
        raise TooLarge(f"{field}: {len(url)} characters are over the limit of {MAX_URL_CHARACTERS}", field=field)
    try:
        return str(parse_url(url, policy))
    except AddressRefused as error:
        raise InvalidInput(f"{field}: {error.message}", field=field) from error


def parse_url(url: str, policy: AddressPolicy) -> httpx.URL:
    """The URL's parts; raises AddressRefused saying why it is not fetched."""
    import httpx

    try:
        parsed = httpx.URL(urldefrag(url).url)
    except (httpx.InvalidURL, ValueError) as error:
        raise AddressRefused("not a URL") from error
    if parsed.scheme not in SCHEMES:
        what = f"not {parsed.scheme[:20]}" if parsed.scheme else "and this names none"
        raise AddressRefused(f"only http and https are fetched, {what}")
    if not parsed.host:
        raise AddressRefused("the URL names no host")
    if parsed.userinfo:
        raise AddressRefused("the URL carries a user name or a password, which would be stored and shown")
    try:
        ipaddress.ip_address(parsed.host)
    except ValueError:
        return parsed
    if not policy.allows_host(parsed.host) and (kind := policy.refusal(parsed.host)):
        raise AddressRefused(refused(parsed.host, parsed.host, kind))
    return parsed


def refused(host: str, address: str, kind: str) -> str:
    """The sentence for an address that is not connected to."""
    where = host if host == address else f"{host} resolves to {address}, which"
    return f"{where} is {kind}; MANCHETE_FEEDS_ALLOW_PRIVATE can allow it"


def _meanings(address: Address) -> list[Address]:
    """The address, and the IPv4 addresses that a system or a gateway may make of it."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address in _NAT64:
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    meanings: list[Address] = [address]
    if address.sixtofour is not None:
        meanings.append(address.sixtofour)
    if address.teredo is not None:
        meanings += address.teredo
    return meanings


def _kind(address: Address) -> str | None:
    """What keeps an address from being a public one (IANA's special-purpose registries), None where nothing does."""
    kinds = {
        "an unspecified address": address.is_unspecified,
        "a loopback address": address.is_loopback,
        "a link-local address": address.is_link_local,
        "a multicast address": address.is_multicast,
        "a reserved address": address.is_reserved and not address.is_private,
        "a private address": not address.is_global or getattr(address, "is_site_local", False),
    }
    return next((kind for kind, holds in kinds.items() if holds), None)


def _within(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network
