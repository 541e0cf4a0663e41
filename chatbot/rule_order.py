"""Which rule of a step is tried first: moved up, down, or before another one."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chatbot.drafts import editing
from chatbot.models import Rule, RuleEdit

UP, DOWN, AFTER = "up", "down", "after-"
Rank = tuple[int, int]


@method_decorator(require_POST)
def move(admin: object, request: HttpRequest) -> HttpResponse:
    """`move` is "<rule>:<where>", where being up, down, the id of the rule to stand before, or
    "after-" and the id of one. Answers JSON to a script, and brings everybody else to the list."""
    rule_id, _colon, where = request.POST.get("move", "").partition(":")
    moved = place(int(rule_id), where, str(request.user)) if rule_id.isdecimal() else {}
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"priorities": moved})
    query = request.GET.urlencode()
    address = reverse("admin:chatbot_rule_changelist")
    return HttpResponseRedirect(f"{address}?{query}#rule-{rule_id}")


def place(rule_id: int, where: str, author: str) -> dict[int, int]:
    """Move a rule within its step; the priorities that changed, by rule. One edit."""
    title = _("Cambió el orden")
    with editing(RuleEdit.Kind.BULK, author=author, title=title) as edit:
        step = Rule.objects.filter(pk=rule_id).values_list("step", flat=True).first()
        rows = Rule.objects.filter(step=step or "").order_by("priority", "pk")
        ranks = list(rows.values_list("priority", "pk")) if step else []
        wanted = _reordered([pk for _priority, pk in ranks], rule_id, where)
        changed = _priorities(ranks, wanted, rule_id)
        edit.will_change(changed)
        Rule.objects.bulk_update(
            [Rule(pk=pk, priority=priority) for pk, priority in changed.items()],
            ["priority"],
            batch_size=500,
        )
    return changed


def _reordered(ids: list[int], moved: int, where: str) -> list[int]:
    if moved not in ids:
        return ids
    at = ids.index(moved)
    rest = [pk for pk in ids if pk != moved]
    if where == UP:
        at = max(at - 1, 0)
    elif where == DOWN:
        at = at + 1
    else:
        neighbour = where.removeprefix(AFTER)
        if neighbour.isdecimal() and int(neighbour) in rest:
            at = rest.index(int(neighbour)) + where.startswith(AFTER)
    return [*rest[:at], moved, *rest[at:]]


def _priorities(ranks: list[Rank], wanted: list[int], moved: int) -> dict[int, int]:
    """The fewest changes that put the rules in the `wanted` order: the moved one's alone where
    there is room between its neighbours, else also those behind it."""
    now = {pk: priority for priority, pk in ranks}
    if moved not in now or wanted == [pk for _priority, pk in ranks]:
        return {}
    at = wanted.index(moved)
    low = (now[wanted[at - 1]], wanted[at - 1]) if at else None
    high = (now[wanted[at + 1]], wanted[at + 1]) if at + 1 < len(wanted) else None
    between = _between(low, high, moved)
    if between is not None:
        return {moved: between}
    return _pushed(now, wanted)


def _between(low: Rank | None, high: Rank | None, pk: int) -> int | None:
    """A priority by which `pk` stands after `low` and before `high`."""
    if low is None:
        return None if high is None else high[0] - (pk > high[1])
    least = low[0] + (pk < low[1])
    return least if high is None or (least, pk) < high else None


def _pushed(now: dict[int, int], wanted: list[int]) -> dict[int, int]:
    changed: dict[int, int] = {}
    last: Rank | None = None
    for pk in wanted:
        rank = (now[pk], pk)
        if last is not None and rank <= last:
            rank = (last[0] + (pk < last[1]), pk)
            changed[pk] = rank[0]
        last = rank
    return changed
