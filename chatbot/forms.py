"""Forms over rules: what an import refuses, a form refuses too."""

from typing import Any

from django import forms
from django.forms import BaseInlineFormSet
from django.utils.translation import gettext as _

from chatbot.models import Rule, RuleMedia
from chatbot.rule_checks import RuleWords, content_problems, reply_problems
from whapco.lib.media_cells import is_link
from whapco.lib.text import normalize_step


class RuleForm(forms.ModelForm[Rule]):
    class Meta:
        model = Rule
        fields = (
            "step",
            "trigger",
            "reply",
            "kind",
            "options",
            "next_step",
            "role_keyword",
            "hands_over",
            "formula",
            "handler",
            "priority",
            "match",
        )

    def clean_step(self) -> str:
        return normalize_step(self.cleaned_data["step"])

    def clean_reply(self) -> str:
        return str(self.cleaned_data["reply"]).replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "kind" not in cleaned or "options" not in cleaned:
            return cleaned
        words = RuleWords(
            kind=cleaned["kind"],
            reply=cleaned.get("reply", ""),
            options=cleaned["options"],
            formula=cleaned.get("formula", ""),
            handler=cleaned.get("handler", ""),
            has_medias=False,
        )
        for name, reason in content_problems(words):
            self.add_error(name, reason)
        return cleaned


class RuleMediaForm(forms.ModelForm[RuleMedia]):
    class Meta:
        model = RuleMedia
        fields = ("position", "url", "kind", "file")

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"]).strip()
        if url and not is_link(url):
            raise forms.ValidationError(_("No es una dirección http(s)."))
        return url


class RuleMediaFormSet(BaseInlineFormSet[RuleMedia, Rule, "forms.ModelForm[RuleMedia]"]):
    """Checks the rule's reply too: only here are the rule and its medias both known."""

    def clean(self) -> None:
        super().clean()
        rule = self.instance
        words = RuleWords(
            kind=rule.kind,
            reply=rule.reply,
            options=rule.options,
            formula=rule.formula,
            handler=rule.handler,
            has_medias=any(map(_is_kept, self.forms)),
        )
        reasons = [reason for _field, reason in reply_problems(words)]
        if reasons:
            raise forms.ValidationError(_("Respuesta: %(reason)s") % {"reason": reasons[0]})


def _is_kept(form: "forms.ModelForm[RuleMedia]") -> bool:
    """Whether a media will stand here once the page is saved."""
    if not form.is_valid() or form.cleaned_data.get("DELETE"):
        return False
    return bool(form.cleaned_data.get("url") or form.cleaned_data.get("file"))
