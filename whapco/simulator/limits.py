"""Meta's sending limits (Cloud API, "Throughput" and "Pair rate limits")."""

from collections import OrderedDict
from collections.abc import Hashable

from whapco.simulator.errors import MetaError

PAIR_SECONDS = 6.0
_KEPT = 10_000


class Bucket:
    """`burst` messages at once, then `per_second`. A burst of 0 never refuses."""

    def __init__(self, burst: float, per_second: float) -> None:
        self.burst = burst
        self.per_second = per_second
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def has_room(self, key: Hashable, now: float) -> bool:
        return not self.burst or self._room(key, now) >= 1

    def take(self, key: Hashable, now: float) -> None:
        self._left[key] = (self._room(key, now) - 1, now)
        self._left.move_to_end(key)
        while len(self._left) > _KEPT:
            self._left.popitem(last=False)

    def clear(self) -> None:
        self._left.clear()

    def _room(self, key: Hashable, now: float) -> float:
        left, since = self._left.get(key, (self.burst, now))
        return min(self.burst, left + (now - since) * self.per_second)


class SendLimits:
    """`pair_burst` to one recipient, then one each 6 s; `number_rate` per second and number."""

    def __init__(self, pair_burst: int = 0, number_rate: float = 0.0) -> None:
        self.pair = Bucket(pair_burst, 1 / PAIR_SECONDS)
        self.number = Bucket(number_rate, number_rate)

    def take(self, phone_number_id: str, peer: str, now: float) -> None:
        """Count one message. Raises MetaError 131056 or 130429, and then counts nothing."""
        if not self.pair.has_room((phone_number_id, peer), now):
            raise MetaError(131056)
        if not self.number.has_room(phone_number_id, now):
            raise MetaError(130429)
        self.pair.take((phone_number_id, peer), now)
        self.number.take(phone_number_id, now)

    def clear(self) -> None:
        self.pair.clear()
        self.number.clear()
