"""Saving a rule that the checker calls wrong: asked once, then done."""

from collections.abc import Iterable

from django import forms

from chatbot import checking
from chatbot.models import Rule
from chatbot.rule_conflicts import rule_data
from chatbot.rule_data import MediaRef

ANYWAY = "_anyway"  # name of the button that saves all the same
UNSURE = "unsure"  # code of the error that asks


def ask_about(rule: Rule, medias: Iterable[MediaRef]) -> None:
    """Raises ValidationError with what the checker calls an error in this rule."""
    found = checking.findings_of_rule(rule_data(rule, medias))
    wrong = [finding.message for finding in found if finding.severity == "error"]
    if wrong:
        raise forms.ValidationError([forms.ValidationError(each, code=UNSURE) for each in wrong])
