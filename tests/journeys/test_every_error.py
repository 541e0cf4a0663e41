"""Every code of Meta's table, met by every send: nothing is tried for ever, everything is said."""

import pytest

from conversations.account_events import TEMPLATE_REFUSED
from conversations.models import AccountEvent, Contact, NumberState
from conversations.whatsapp import errors
from conversations.whatsapp.errors import Action
from tests.journeys.shop import Shop
from tests.journeys.test_sending import again

ROUNDS = 12  # more than any code has tries
PASSING = (Action.RETRY, Action.BACKOFF, Action.PAIR)
UNKNOWN = 998877


def tries(shop: Shop) -> int:
    calls = shop.meta.graph.memory.calls
    return sum(call.path.endswith(f"/{shop.number}/messages") for call in calls)


def acted_on(shop: Shop) -> set[Action]:
    """What the company can see of the refusals, beside the message."""
    with shop.inside():
        troubled = NumberState.objects.filter(resume_at=None).exclude(reason="").exists()
        noted = AccountEvent.objects.filter(field=TEMPLATE_REFUSED).exists()
        opted_out = Contact.objects.filter(opted_out_at__isnull=False).exists()
    found = {Action.TEMPLATE: noted, Action.OPTOUT: opted_out}
    found |= dict.fromkeys((Action.TOKEN, Action.CHANNEL), troubled)
    return {action for action, seen in found.items() if seen}


@pytest.mark.parametrize("code", [*sorted(errors.table()), UNKNOWN])
def test_no_code_is_tried_for_ever_and_each_says_why(shop: Shop, code: int) -> None:
    shop.rules("menu_principal|iniciar|M")
    shop.meta.fail_next(code, times=100)
    shop.says("hola")
    for _ in range(ROUNDS):
        shop.deliver_statuses()
        again(shop)
        shop.sweep()
    message, action = shop.last_sent(), errors.action_for(code)
    assert message.error_code == code
    assert errors.explain(code).split(" (")[0] in message.error_text
    visible = {Action.TOKEN, Action.CHANNEL, Action.TEMPLATE, Action.OPTOUT}
    assert (action in acted_on(shop)) == (action in visible)
    if action is Action.TOKEN:  # kept, and not tried until the token changes
        assert (message.status, tries(shop)) == ("queued", 1)
        return
    assert message.status == "failed"
    assert tries(shop) == (errors.tries_for(code) if action in PASSING else 1)
    assert shop.attention() == "envio_fallido"
