"""How many changes wait to be published, for a line on top of the rules' pages."""

from chatbot import drafts, publishing, rule_index, rulebooks
from chatbot.models import RulebookVersion
from tenants.context import current_tenant

_sizes: dict[str, tuple[tuple[int, int], int]] = {}  # company -> the numbers it holds for, and it


def pending_size() -> int:
    """Rules that publishing would make, change or remove. One tiny query; all rules are compared
    only when somebody has edited or published since."""
    key = current_tenant().key
    numbers = RulebookVersion.objects.filter(pk=1).values_list("draft", "version").first()
    if numbers is None:
        return 0
    known = _sizes.get(key)
    if known is None or known[0] != numbers:
        known = _sizes[key] = (numbers, _size(numbers[1]))
    return known[1]


def _size(release: int) -> int:
    """Against the rulebook that answers, which is in memory: unpacking the release takes longer
    than all the rest. It may be half a second behind."""
    live = rulebooks.current()
    if live.version != release:
        return publishing.pending().size
    draft = drafts.draft_rules()
    gone = live.rules.keys() - {rule.id for rule in draft}
    return len(rule_index.how_published(draft)) + len(gone)


def forget() -> None:
    _sizes.clear()
