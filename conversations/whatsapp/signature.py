"""X-Hub-Signature-256: HMAC-SHA256 of the body's bytes exactly as they came, by app secret."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

_PREFIX = "sha256="


def sign(body: bytes, secret: str) -> str:
    """The header value Meta would send with `body`."""
    key = secret.encode("utf-8", "surrogatepass")
    return _PREFIX + hmac.new(key, body, hashlib.sha256).hexdigest()


def is_valid(body: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Whether one of `secrets` (two during a rotation) signed `body`; an empty one signs nothing.

    Compared as bytes: hmac.compare_digest raises on text that is not ASCII.
    """
    if not header:
        return False
    given = header.encode("utf-8", "surrogatepass")
    return any(
        hmac.compare_digest(sign(body, secret).encode(), given) for secret in secrets if secret
    )


def to_wire(payload: Any) -> bytes:
    r"""JSON as Meta puts it on the wire: compact, lower-case \uXXXX, slashes as \/."""
    return (
        json.dumps(payload, separators=(",", ":"), ensure_ascii=True).replace("/", "\\/").encode()
    )
