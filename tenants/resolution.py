"""Whose request is it? Header, query, cookie and default -> a decision. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Enter:
    """The request is for the company `key`; empty: for the control scope.

    `is_explicit`: the request named it, by header or query.
    """

    key: str
    is_explicit: bool = False


@dataclass(frozen=True)
class Refuse:
    """No company: 403 when the request names two, 404 when nobody has the key it names."""

    status: int
    key: str = ""


def resolve(
    *,
    header: str,
    query: Iterable[str],
    cookie: str,
    default: str,
    is_known: Callable[[str], bool],
) -> Enter | Refuse:
    """`query` holds every `?tenant=`; `cookie` is the key of a cookie whose signature is ours.
    Empty text means: not given.

    A cookie of a company that is gone counts as no cookie: it must not lock its owner out.
    """
    named = {key.strip() for key in (header, *query)} - {""}
    if len(named) > 1:
        return Refuse(403)
    if named:
        return _enter(named.pop(), is_known, is_explicit=True)
    if cookie and is_known(cookie):
        return Enter(cookie)
    return _enter(default, is_known) if default else Enter("")


def _enter(
    key: str, is_known: Callable[[str], bool], *, is_explicit: bool = False
) -> Enter | Refuse:
    return Enter(key, is_explicit) if is_known(key) else Refuse(404, key)
