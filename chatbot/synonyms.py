"""Teaching a rule the words of contacts: what it would understand then, and doing it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from chatbot import drafts
from chatbot.models import Rule, RuleEdit, UnmatchedPhrase
from chatbot.rule_data import RuleData
from chatbot.rulebook import Rulebook
from whapco.lib.text import ANYTHING, MEDIA_PREFIX, normalize_text, split_items, split_triggers

WORDS_LIMIT = 150  # characters


class BadWords(Exception):
    """The words cannot be a trigger; the text says why, in Spanish."""


def check_words(words: str) -> str:
    """The words as they are added to a trigger. Raises BadWords."""
    items = split_items(words)
    if not items or not all(map(normalize_text, items)):
        raise BadWords(_("Escribe al menos una palabra: los emojis solos no se comparan."))
    if any(item == ANYTHING or item.startswith(MEDIA_PREFIX) for item in items):
        raise BadWords(_("Escribe palabras del cliente; «*» y «@…» se cambian en la regla."))
    if len(words) > WORDS_LIMIT:
        raise BadWords(_("Usa como mucho %(limit)d caracteres.") % {"limit": WORDS_LIMIT})
    return ", ".join(items)


def with_words(rule: RuleData, words: str, match: str) -> RuleData:
    """The rule once it is taught. Words that it has already are not added again."""
    return replace(rule, trigger=joined(rule.trigger, words), match=match)


def joined(trigger: str, words: str) -> str:
    """In the style of the trigger: one below the other, or after a semicolon or comma."""
    known = set(split_triggers(trigger))
    fresh = [item for item in split_items(words) if normalize_text(item) not in known]
    between = "\n" if "\n" in trigger else "; " if ";" in trigger else ", "
    return between.join([trigger.strip(" ,;\n"), *fresh] if trigger.strip() else fresh)


def newly_understood(
    rules: Sequence[RuleData], taught: RuleData, said: Iterable[UnmatchedPhrase]
) -> list[UnmatchedPhrase]:
    """Of what was `said` in a step with these `rules`, what `taught` would take that no rule
    takes now. Pure."""
    step = taught.step
    after = [taught if rule.id == taught.id else rule for rule in rules]
    old, new = Rulebook.build(rules).at(step), Rulebook.build(after).at(step)
    return [
        phrase
        for phrase in said
        if (takes := new.specific(phrase.phrase) if new else None)
        and takes.id == taught.id
        and not (old and old.specific(phrase.phrase))
    ]


def rules_at(step: str) -> list[RuleData]:
    """Those of the draft, by priority."""
    return drafts.draft_rules(Rule.objects.filter(step=step).values_list("pk", flat=True))


def can_be_taught(rule: RuleData) -> bool:
    """A rule for anything, or for files alone, has no words to add to."""
    return any(not one.startswith((ANYTHING, MEDIA_PREFIX)) for one in split_triggers(rule.trigger))


def teach(rule_id: int, words: str, match: str, *, author: str) -> RuleEdit | None:
    """Add the words to the rule in the draft. The edit, to undo it with; None: it had them.

    Raises Rule.DoesNotExist when somebody deleted it meanwhile.
    """
    title = _("Sinónimo «%(words)s»") % {"words": words}
    with drafts.editing(RuleEdit.Kind.SAVED, author=author, title=title) as edit:
        edit.will_change([rule_id])
        rule = Rule.objects.get(pk=rule_id)
        before = (rule.trigger, rule.match)
        rule.trigger, rule.match = joined(rule.trigger, words), match
        if (rule.trigger, rule.match) == before:
            return None
        rule.save(update_fields=["trigger", "match"])
    return RuleEdit.objects.filter(author=author[:150], title=title[:200]).latest("pk")
