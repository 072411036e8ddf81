"""Which addresses a request to somebody's host may go to."""

from __future__ import annotations

import ipaddress

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")  # RFC 4291, section 2.4
_TUNNELS = (
    ipaddress.IPv6Network("2002::/16"),
    ipaddress.IPv6Network("2001::/32"),
)  # 6to4, Teredo: reach any IPv4 address


def is_public(address: IPAddress) -> bool:
    """Whether anybody on the internet may be found at `address`; IPv4 inside IPv6 counts as that IPv4 address."""
    address = _unwrapped(address)
    if isinstance(address, ipaddress.IPv6Address):
        tunnel = any(address in network for network in _TUNNELS)
        return address in _GLOBAL_UNICAST and address.is_global and not tunnel
    return address.is_global and not address.is_multicast and not address.is_reserved


def _unwrapped(address: IPAddress) -> IPAddress:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_private(address: IPAddress) -> bool:
    """Inside a network of the operator's: loopback, RFC 1918, RFC 4193. Not link-local, multicast, unspecified or reserved."""
    address = _unwrapped(address)
    if address.is_loopback:
        return True
    refused = address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved
    return address.is_private and not refused
