"""What was published, read back."""

from chatbot import snapshots
from chatbot.models import RulebookRelease
from chatbot.moves import NOWHERE, Moves
from chatbot.rule_data import RuleData


def published_rules(number: int | None = None) -> tuple[RuleData, ...]:
    """Those of a release; without a number, those that answer now."""
    return read_release(number)[0]


def read_release(number: int | None = None) -> tuple[tuple[RuleData, ...], Moves]:
    """The same, and where the chats went whose step they lack."""
    found = RulebookRelease.objects.all()
    if number is not None:
        found = found.filter(number=number)
    packed = found.order_by("-number").values_list("rules", flat=True).first()
    return snapshots.unpack_all(bytes(packed)) if packed is not None else ((), NOWHERE)


def newest_number() -> int:
    """Of the release that answers; 0: none yet."""
    numbers = RulebookRelease.objects.order_by("-number").values_list("number", flat=True)
    return numbers.first() or 0
