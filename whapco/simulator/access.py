"""Who may use which number: the tokens, and the numbers each of them opens."""

import time
from collections.abc import Iterable

from whapco.simulator.errors import (
    bad_token,
    expired_token,
    no_permission,
    no_token,
    unknown_object,
)


class Tokens:
    """`open_house`: any token opens any number, except those that were expired. For the demo, where
    a second company must work as soon as someone creates it."""

    def __init__(self, *, open_house: bool = False) -> None:
        self.grants: dict[str, frozenset[str]] = {}
        self.open_house = open_house
        self._expired: set[str] = set()
        self._powerless: set[str] = set()

    def grant(self, token: str, *phone_number_ids: str) -> None:
        self.grants[token] = self.grants.get(token, frozenset()) | frozenset(phone_number_ids)

    def withdraw_permission(self, token: str) -> None:
        """The token lives, and may do nothing on WhatsApp."""
        self._powerless.add(token)

    def expire(self, token: str) -> None:
        self._expired.add(token)

    def renew_all(self) -> None:
        self._expired.clear()
        self._powerless.clear()

    def check(self, token: str) -> None:
        """Raises MetaError 104 without a token, 190 for an expired or unknown one, 10 for one
        without the permission."""
        if not token:
            raise no_token()
        if token in self._expired:
            raise expired_token(time.strftime("%A, %d-%b-%y %H:%M:%S PDT", time.gmtime()))
        if token not in self.grants and not self.open_house:
            raise bad_token()
        if token in self._powerless:
            raise no_permission()

    def check_number(self, token: str, phone_number_id: str, method: str) -> None:
        """Raises MetaError 100/33, the same as for a number that does not exist."""
        if not self.open_house and phone_number_id not in self.grants.get(token, frozenset()):
            raise unknown_object(phone_number_id, method)

    def opens_any(self, token: str, phone_number_ids: Iterable[str]) -> bool:
        """Whether the token was granted one of these."""
        asked = frozenset(phone_number_ids)
        return bool(asked) and (
            self.open_house or bool(asked & self.grants.get(token, frozenset()))
        )
