"""Forms over quick replies. They send what a rule sends, so the same limits hold."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chatbot.forms import OVERWRITE, STALE
from chatbot.media_forms import MediaForm, MediaFormSet
from chatbot.models import Rule
from chatbot.options_field import OptionsField, shown
from chatbot.rule_checks import RuleWords, content_problems, reply_problems
from chatbot.rule_conflicts import Conflict, Differing, shown_medias
from chatbot.rule_data import MediaRef
from conversations.models import QuickReply, QuickReplyMedia

FIELDS = ("name", "category", "kind", "message", "options")


class QuickReplyForm(forms.ModelForm[QuickReply]):
    """`loaded` tells what the page showed: what somebody else changed since is not overwritten
    unless the person says so, having seen it."""

    KINDS = Rule.Kind.choices

    kind = forms.ChoiceField(label=gettext_lazy("Tipo"), initial=Rule.Kind.TEXT)
    options = OptionsField(label=gettext_lazy("Opciones"))
    loaded = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = QuickReply
        fields = FIELDS
        widgets = {"message": forms.Textarea(attrs={"rows": 6})}
        help_texts = {
            "name": gettext_lazy("Vacío: el comienzo del mensaje."),
            "category": gettext_lazy("Agrupa las respuestas en la lista del asesor."),
            "message": gettext_lazy("*negrita*, _cursiva_ y ~tachado~ se ven como en WhatsApp."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored = stored_values(self.instance) if self.instance.pk else {}
        self.initial.setdefault("loaded", fingerprint(self.stored))
        kind = self.instance.kind
        other = [] if kind in Rule.Kind.values else [(kind, kind)]
        self.fields["kind"].choices = [*self.KINDS, *other]  # type: ignore[attr-defined]

    def clean_message(self) -> str:
        return str(self.cleaned_data["message"]).replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self._is_stale(cleaned.get("loaded")):
            self.add_error(None, forms.ValidationError(_("Alguien la cambió."), code=STALE))
        if "kind" in cleaned and "options" in cleaned:
            for name, reason in content_problems(words_of(cleaned, has_medias=False)):
                self.add_error(name, reason)
        if not cleaned.get("name"):
            cleaned["name"] = cleaned.get("message", "").partition("\n")[0][:60].strip()
        return cleaned

    def _is_stale(self, loaded: str | None) -> bool:
        now = fingerprint(self.stored)
        if not self.instance.pk or not loaded or loaded == now:
            return False
        if self.data.get(OVERWRITE) != now:
            return True
        self.data = self.data.copy()  # type: ignore[attr-defined]
        self.data["loaded"] = now  # type: ignore[index]
        return False


class QuickReplyMediaForm(MediaForm):
    class Meta:
        model = QuickReplyMedia
        fields = ("position", "url", "file")
        widgets = {"url": forms.URLInput(attrs={"class": "vURLField"})}


class QuickReplyMediaFormSet(MediaFormSet):
    """Checks the message too: only here are it and the files both known."""

    def clean(self) -> None:
        super().clean()
        values = {name: getattr(self.instance, name) for name in FIELDS}
        for _field, reason in reply_problems(words_of(values, has_medias=bool(self.medias()))):
            raise forms.ValidationError(_("Mensaje: %(reason)s") % {"reason": reason})


def words_of(values: dict[str, Any], *, has_medias: bool) -> RuleWords:
    return RuleWords(
        kind=values["kind"],
        reply=values.get("message", ""),
        options=values["options"],
        formula="",
        handler="",
        has_medias=has_medias,
    )


def stored_values(button: QuickReply) -> dict[str, Any]:
    """What the database holds of a quick reply, its files included."""
    medias = QuickReplyMedia.objects.filter(quick_reply_id=button.pk).order_by("position", "pk")
    refs = tuple(MediaRef(url=media.url, file_id=media.file_id) for media in medias)
    return {**{name: getattr(button, name) for name in FIELDS}, "medias": refs}


def fingerprint(values: dict[str, Any]) -> str:
    """Differs when any of `values` does; empty of nothing."""
    if not values:
        return ""
    told = json.dumps(values, sort_keys=True, default=vars).encode()
    return hashlib.sha256(told).hexdigest()[:32]


def conflict_with(form: Any, medias: Any) -> Conflict | None:
    """What differs when somebody else came first; takes the form's error away: the panel tells."""
    if not form.is_bound or not form.has_error("__all__", STALE):
        return None
    errors = form.errors["__all__"]
    errors.data = [each for each in errors.as_data() if each.code != STALE]
    if not errors:
        del form.errors["__all__"]
    mine = {name: getattr(form.instance, name) for name in FIELDS} | {"medias": medias.medias()}
    kind = ContentType.objects.get_for_model(QuickReply)
    log = LogEntry.objects.filter(content_type=kind, object_id=str(form.instance.pk))
    last = log.select_related("user").order_by("-action_time").first()
    return Conflict(
        who=str(last.user) if last else "",
        at=last.action_time if last else None,
        revision=fingerprint(form.stored),
        fields=tuple(_differing(form.stored, mine)),
    )


def _differing(theirs: dict[str, Any], mine: dict[str, Any]) -> Iterable[Differing]:
    for name in (*FIELDS, "medias"):
        if not _same(theirs[name], mine[name]):
            yield Differing(_label(name), _shown(name, theirs[name]), _shown(name, mine[name]))


def _same(theirs: Any, mine: Any) -> bool:
    if isinstance(theirs, tuple):
        return [(one.url, one.file_id) for one in theirs] == [
            (one.url, one.file_id) for one in mine
        ]
    return bool(theirs == mine)


def _label(name: str) -> str:
    if name == "medias":
        return _("Archivos")
    return str(QuickReply._meta.get_field(name).verbose_name).capitalize()  # type: ignore[union-attr]


def _shown(name: str, value: Any) -> str:
    if name == "medias":
        return shown_medias(value)
    if name == "options":
        return shown(value)
    return str(dict(QuickReplyForm.KINDS).get(value, value) if name == "kind" else value)
