"""The network a request comes from, by which tries are counted."""

import ipaddress

from flask import request


def of_request() -> str:
    """The network of the browser asking: neighbours share it, and one host cannot change it at will.

    An IPv4 address written as IPv6 (RFC 4291, section 2.5.5.2) is the IPv4 address.
    """
    address = ipaddress.ip_address(request.remote_addr or "0.0.0.0")  # noqa: S104 - stands for unknown
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False))
