"""What the checker says of the rules on a page, for a list that did not wait for it."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_GET

from chatbot import rule_index
from chatbot.checker import Finding


@method_decorator(require_GET)
def show_problems(admin: object, request: HttpRequest) -> HttpResponse:
    """`ids` are those of the page, with commas. Answers {id: the HTML of its cell}."""
    found = rule_index.findings(rule_index.versions())
    asked = request.GET.get("ids", "").split(",")[:200]
    return JsonResponse(
        {pk: _cell(found[int(pk)]) for pk in asked if pk.isdecimal() and int(pk) in found}
    )


def _cell(findings: tuple[Finding, ...]) -> str:
    rule = {"findings": findings, "is_wrong": rule_index.has_error(findings)}
    return render_to_string("admin/chatbot/rule/_badge.html", {"rule": rule})
