"""What the chat list's templates need, from a request or from what the browser keeps."""

from datetime import datetime
from typing import Any, cast

from django.http import HttpRequest
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode
from django.utils.timezone import is_aware

from conversations import chat_filters, chat_rows
from conversations.chat_filters import ChatFilter
from conversations.models import Label
from tenants.models import User

COOKIE = "wa_chats"  # the filters, as they are in an address


def opening(request: HttpRequest) -> dict[str, Any]:
    """For a whole page: the list as it was left, and the filters' choices."""
    chosen = chat_filters.of_cookie(request.COOKIES.get(COOKIE, ""))
    user = _user(request)
    return _first_page(user, chosen) | {
        "states": chat_filters.states(),
        "labels": Label.objects.order_by("name"),
        "agents": User.objects.filter(is_active=True).order_by("first_name", "username"),
    }


def asked(request: HttpRequest) -> dict[str, Any]:
    """For a list that is open: the first page with its counts, or the rows after `before`."""
    chosen, before = ChatFilter.read(request.GET.dict()), _cursor(request)
    if before is None:
        return _first_page(_user(request), chosen)
    return _rows(chat_rows.page_of(_user(request), chosen, before), chosen)


def number(request: HttpRequest, name: str) -> int | None:
    """A number of the address; None where it is none."""
    value = request.GET.get(name, "")
    return int(value) if value.isdecimal() and len(value) <= 18 else None


def _first_page(user: User, chosen: ChatFilter) -> dict[str, Any]:
    rows = _rows(chat_rows.page_of(user, chosen), chosen)
    return rows | {
        "chosen": chosen,
        "chips": chosen.chips(),
        "counts": chat_rows.counts(user, chosen),
    }


def _rows(rows: chat_rows.Rows, chosen: ChatFilter) -> dict[str, Any]:
    return {"chats": rows.chats, "more_url": _more_url(rows.more, chosen)}


def _more_url(more: chat_rows.Cursor | None, chosen: ChatFilter) -> str:
    if more is None:
        return ""
    cursor = urlencode({"before": f"{more[0].isoformat()},{more[1]}"})
    return f"{reverse('chat_list')}?{'&'.join(filter(None, (chosen.query, cursor)))}"


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)  # behind login_required


def _cursor(request: HttpRequest) -> chat_rows.Cursor | None:
    """`<time>,<id>` of the last row seen; anything else means the first page."""
    time, _comma, pk = request.GET.get("before", "").partition(",")
    at = _time(time)
    if at is None or not pk.isdecimal() or len(pk) > 18:
        return None
    return at, int(pk)


def _time(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:  # well formed, but no such day
        return None
    return moment if moment and is_aware(moment) else None
