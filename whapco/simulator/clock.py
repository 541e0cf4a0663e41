"""Meta's clock, which the tests and the phone page can push forward."""

import time
from collections.abc import Callable


class Clock:
    """Two readings, in seconds since 1970.

    `now` is pushed by `advance` and rules windows, limits and lifetimes. `wall` is never pushed and
    stamps webhooks: the product would otherwise receive messages from the future.
    """

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self.wall = wall
        self.offset_seconds = 0.0

    def now(self) -> float:
        return self.wall() + self.offset_seconds

    def advance(self, seconds: float) -> None:
        self.offset_seconds += seconds
