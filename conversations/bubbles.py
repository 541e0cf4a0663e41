"""What a message looks like: Meta's JSON of any kind -> the parts of a bubble.

Pure. A kind nobody knows still gives a card.
"""

from collections.abc import Mapping

from conversations.cards import CARDS, is_forwarded, referral_card, unknown_card
from conversations.interactive_parts import interactive_parts
from conversations.parts import Card, Option, Parts, Section, dig, string

__all__ = ["Card", "Option", "Parts", "Section", "parts_of", "text_of_edit"]

_CARD_SAYS_IT_ALL = {"location", "contacts", "order", "sticker", "unsupported", "unknown"}


def parts_of(kind: str, body: str, payload: object) -> Parts:
    """The parts of a message. `payload` as stored: Meta's object, or the words we send."""
    words = payload if isinstance(payload, Mapping) else {}
    if kind == "interactive":
        return interactive_parts(body, words)
    cards = CARDS.get(kind, unknown_card)(words, kind)
    return Parts(
        text="" if kind in _CARD_SAYS_IT_ALL else body,
        cards=(*referral_card(words), *cards),
        forwarded=is_forwarded(words),
    )


def text_of_edit(payload: object) -> str:
    """The new text of an `edit` message: its text or caption."""
    message = dig(payload, "edit", "message")
    kind = string(message, "type")
    return string(message, "text", "body") or string(message, kind, "caption")
