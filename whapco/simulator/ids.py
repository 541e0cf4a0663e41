"""Identifiers in the forms Meta gives them. Opaque to everyone but the tests."""

import base64
import hashlib
import secrets


def inbound_wamid(wa_id: str) -> str:
    """Id of a message from a customer: base64 of 1c 18 <len><digits> 15 02 00 12 18 14 "3A"… 00."""
    return _wamid(wa_id, b"\x12\x18\x14", "3A" + secrets.token_hex(9).upper())


def outbound_wamid(wa_id: str) -> str:
    """Id of a message to a customer: as inbound, with 11 18 12 and 18 hexadecimal digits."""
    return _wamid(wa_id, b"\x11\x18\x12", secrets.token_hex(9).upper())


def _wamid(wa_id: str, mark: bytes, random: str) -> str:
    peer = wa_id.encode()[:255]
    head = b"\x1c\x18" + bytes([len(peer)]) + peer
    raw = head + b"\x15\x02\x00" + mark + random.encode() + b"\x00"
    return "wamid." + base64.b64encode(raw).decode()


def media_id() -> str:
    return str(secrets.randbelow(9 * 10**14) + 10**14)


def trace_id() -> str:
    return "A" + secrets.token_urlsafe(16)


def stable_digits(seed: str, length: int) -> str:
    """Digits derived from `seed`: the same on every start."""
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:12])
    return str(number % 10**length).zfill(length)


def user_id(phone_number_id: str, wa_id: str) -> str:
    """Business-scoped user id: another business sees another id for the same person."""
    return "CO." + stable_digits(f"{phone_number_id}/{wa_id}", 20)
