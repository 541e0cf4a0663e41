"""The /{account} addresses: a WhatsApp Business Account, its numbers, its templates, and whether
the app is subscribed to it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from whapco.simulator.errors import invalid, no_field, unknown_object
from whapco.simulator.http import Request, Response, json_response
from whapco.simulator.state import Number

if TYPE_CHECKING:
    from whapco.simulator.graph import Graph

Json = dict[str, Any]

EDGES = frozenset({"message_templates", "phone_numbers", "subscribed_apps"})
NUMBER_DEFAULTS = (
    "id,display_phone_number,verified_name,quality_rating,code_verification_status,platform_type"
)
_APP: Json = {
    "id": "670843887433847",
    "link": "https://simulador.invalid/app",
    "name": "whapco (simulador)",
}
_NODE = "WhatsAppBusinessAccount"


def numbers_of(graph: "Graph", request: Request, waba_id: str) -> list[Number]:
    """Of the account, if this token may see it: one of its numbers is enough. Else none."""
    own = [n for n in graph.memory.numbers.values() if n.waba_id == waba_id]
    return own if graph.tokens.opens_any(request.token, [n.phone_number_id for n in own]) else []


def account(numbers: list[Number], request: Request) -> Response:
    """GET /{account}."""
    waba_id = numbers[0].waba_id
    if request.method != "GET":
        raise unknown_object(waba_id, request.method)
    known: Json = {"id": waba_id, "name": f"Cuenta {waba_id}", "timezone_id": "1"}
    return json_response(_chosen(known, request.query.get("fields", "id,name,timezone_id"), _NODE))


def edge(graph: "Graph", request: Request, waba_id: str, name: str) -> Response:
    """GET of a list; the subscription is changed too."""
    numbers = numbers_of(graph, request, waba_id)
    if not numbers:
        raise _not_an_account(graph, request, waba_id, name)
    if name == "subscribed_apps":
        return _subscription(graph, request, waba_id)
    if request.method != "GET":
        raise unknown_object(waba_id, request.method)
    if name == "phone_numbers":
        fields = request.query.get("fields", NUMBER_DEFAULTS)
        return json_response(_page(request, [number_fields(n, fields) for n in numbers]))
    wanted = {k: request.query[k] for k in ("name", "status", "language") if k in request.query}
    rows = [t for t in graph.templates.templates if wanted.items() <= vars(t).items()]
    return json_response(_page(request, [template.as_json() for template in rows]))


def number_fields(number: Number, wanted: str) -> Json:
    known: Json = {
        "id": number.phone_number_id,
        "display_phone_number": f"+{number.display_phone_number}",
        "verified_name": number.name,
        "quality_rating": number.quality,
        "code_verification_status": "VERIFIED",
        "platform_type": "CLOUD_API",
        "status": number.status,
        "name_status": "APPROVED",
        "throughput": {"level": number.level},
        "is_on_biz_app": number.on_phone_app,
        "is_official_business_account": False,
        "health_status": {"can_send_message": "AVAILABLE"},
    }
    return _chosen(known, wanted, "WhatsAppBusinessPhoneNumber")


def _not_an_account(graph: "Graph", request: Request, object_id: str, name: str) -> Exception:
    """A number of the token's own is no account; anything else is not there, or not yours."""
    if graph.tokens.opens_any(request.token, [object_id]) and object_id in graph.memory.numbers:
        return no_field(name, "WhatsAppBusinessPhoneNumber")
    return unknown_object(object_id, request.method)


def _subscription(graph: "Graph", request: Request, waba_id: str) -> Response:
    answers: dict[str, Callable[[], Json]] = {
        "GET": lambda: {"data": _apps(graph, waba_id)},
        "POST": lambda: _subscribe(graph, request, waba_id),
        "DELETE": lambda: _unsubscribe(graph, waba_id),
    }
    if request.method not in answers:
        raise unknown_object(waba_id, request.method)
    with graph.memory.lock:
        return json_response(answers[request.method]())


def _apps(graph: "Graph", waba_id: str) -> list[Json]:
    if waba_id in graph.memory.unsubscribed:
        return []
    override = graph.memory.overrides.get(waba_id)
    own = {"whatsapp_business_api_data": _APP}
    return [own | ({"override_callback_uri": override} if override else {})]


def _subscribe(graph: "Graph", request: Request, waba_id: str) -> Json:
    body = request.json() or {}
    if "override_callback_uri" in body:
        raise invalid("This simulator posts to one address only.")
    graph.memory.unsubscribed.discard(waba_id)
    graph.memory.overrides.pop(waba_id, None)
    return {"success": True}


def _unsubscribe(graph: "Graph", waba_id: str) -> Json:
    graph.memory.unsubscribed.add(waba_id)
    return {"success": True}


def _chosen(known: Json, wanted: str, node: str) -> Json:
    names = [name.strip() for name in wanted.split(",")]
    unknown = next((name for name in names if name and name not in known), None)
    if unknown is not None:
        raise no_field(unknown, node)
    return {name: known[name] for name in ("id", *names) if name}


def _page(request: Request, rows: list[Json]) -> Json:
    """After the cursor `after`, at most `limit`."""
    query = request.query
    start = int(query["after"]) if query.get("after", "").isdigit() else 0
    limit = int(query["limit"]) if query.get("limit", "").isdigit() else 25
    page = rows[start : start + limit]
    paging: Json = {"cursors": {"before": str(start), "after": str(start + len(page))}}
    if start + limit < len(rows):
        paging["next"] = "https://simulador.invalid/next"
    return {"data": page, "paging": paging if page else {}}
