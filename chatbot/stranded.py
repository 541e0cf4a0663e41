"""Open chats that stand in a step without rules, or soon will: found, advised on, moved."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches

from django.db.models import CharField, Count, Func

from chatbot import drafts
from chatbot.models import BotSession
from chatbot.moves import LEFT_BEHIND, TO_PEOPLE, TO_STEP, Move, Moves
from chatbot.options import OptionsError, option_targets, parse_options
from chatbot.releases import published_rules
from chatbot.rule_data import RuleData
from conversations.models import Conversation
from conversations.services import hand_over
from tenants.context import current_tenant, on_commit
from whapco.lib import bus
from whapco.lib.text import normalize_step, split_steps

AT_ONCE = 500  # chats per statement
SUGGESTED = 4


def steps_of(rules: Iterable[RuleData]) -> frozenset[str]:
    return frozenset(normalize_step(rule.step) for rule in rules)


def stranded_chats() -> dict[str, int]:
    """Steps that publishing the draft takes away -> how many open chats stand there now."""
    return chats_between(steps_of(published_rules()), steps_of(drafts.draft_rules()))


def chats_between(before: Collection[str], after: Collection[str]) -> dict[str, int]:
    """The same for the steps of `before` that `after` lacks."""
    gone = set(before) - set(after)
    if not gone:
        return {}
    return {step: chats for step, chats in open_chats().items() if step in gone}


def lost_chats(steps: Collection[str]) -> dict[str, int]:
    """Open chats in steps that are none of `steps`: there the bot understands nothing."""
    return {step: chats for step, chats in open_chats().items() if step not in steps}


def open_chats() -> dict[str, int]:
    """All steps with open chats, by name. To MariaDB `menu` and `menú` are equal; here not."""
    exact = Func("step", function="HEX", output_field=CharField())
    rows = BotSession.objects.filter(is_open=True).annotate(exact=exact).order_by()
    counts = rows.values_list("exact").annotate(chats=Count("pk"))
    return dict(sorted((bytes.fromhex(step).decode(), chats) for step, chats in counts))


def move_chats(moves: Moves) -> int:
    """Move the open chats that stand in those steps now; nobody is written to. Inside a
    transaction. Returns how many."""
    found = [
        (pk, moves[step])
        for pk, step in BotSession.objects.filter(is_open=True, step__in=list(moves))
        .order_by("pk")
        .values_list("pk", "step")
        if step in moves
    ]
    _lock([pk for pk, _move in found])
    _give_to_people([pk for pk, move in found if move.kind == TO_PEOPLE])
    for move in set(moves.values()):
        for pks in _batches([pk for pk, chosen in found if chosen == move]):
            BotSession.objects.filter(pk__in=pks).update(**_columns(move))
    if found:
        company = current_tenant().key
        on_commit(lambda: bus.publish(company, bus.TO_ALL))
    return len(found)


def suggestions(step: str, before: Iterable[RuleData], after: Iterable[RuleData]) -> list[str]:
    """Steps of `after` where chats of `step` may go on, the likeliest first: where its rules are
    now, where they led, what is called alike."""
    there = steps_of(after)
    of_step = {rule.id: rule for rule in before if normalize_step(rule.step) == step}
    renamed = Counter(normalize_step(rule.step) for rule in after if rule.id in of_step)
    led = Counter(target for rule in of_step.values() for target in _targets(rule))
    likely = [name for name, _times in (*renamed.most_common(), *led.most_common())]
    alike = get_close_matches(step, there, n=SUGGESTED, cutoff=0.6)
    return [name for name in dict.fromkeys([*likely, *alike]) if name in there][:SUGGESTED]


def _targets(rule: RuleData) -> Iterator[str]:
    yield from split_steps(rule.next_step)[-1:]
    try:
        targets = option_targets(parse_options(rule.kind, rule.options))
    except OptionsError:
        return
    for target in targets.values():
        yield from split_steps(target)[-1:]


def _lock(pks: Sequence[int]) -> None:
    """Chats before sessions and in order, as the bot locks them: neither waits for the other."""
    for some in _batches(pks):
        chats = Conversation.objects.filter(pk__in=some).order_by("pk").select_for_update()
        list(chats.values_list("pk", flat=True))


def _give_to_people(pks: Sequence[int]) -> None:
    bot = Conversation.Handler.BOT
    for some in _batches(pks):
        chats = list(Conversation.objects.filter(pk__in=some, handler=bot).order_by("pk"))
        for chat in chats:
            hand_over(chat, agent=None)
        given = Conversation.objects.filter(pk__in=[chat.pk for chat in chats])
        given.update(attention=LEFT_BEHIND)


def _columns(move: Move) -> dict[str, object]:
    """Started anew is closed: the next message gets the welcome."""
    if move.kind == TO_STEP:
        return {"step": move.step}
    return {"step": normalize_step(current_tenant().config.initial_step), "is_open": False}


def _batches(pks: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(pks), AT_ONCE):
        yield pks[start : start + AT_ONCE]
