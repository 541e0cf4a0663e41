"""Forms over rules: what an import refuses, a form refuses too."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chatbot.handlers import HANDLERS
from chatbot.media_forms import MediaForm, MediaFormSet
from chatbot.models import Rule, RuleMedia
from chatbot.options_field import OptionsField
from chatbot.rule_checks import RuleWords, content_problems, reply_problems, words_of
from chatbot.rule_confirmation import ANYWAY, ask_about
from tenants.models import Role
from whapco.lib.text import normalize_step

OVERWRITE = "_overwrite"  # the revision that the person has seen and wants to write over
GONE = "_gone"  # it was deleted while it was edited: see rule_form_page
STALE = "stale"  # code of the error that says so


class RuleForm(forms.ModelForm[Rule]):
    """`loaded` is the revision that the page was loaded with: a rule that moved on since is not
    overwritten unless the person says so, having seen how it is now."""

    options = OptionsField(label=gettext_lazy("Opciones"))
    loaded = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Rule
        fields = (
            "step",
            "trigger",
            "match",
            "kind",
            "reply",
            "options",
            "next_step",
            "role_keyword",
            "hands_over",
            "formula",
            "handler",
            "priority",
        )
        widgets = {
            "step": forms.TextInput(attrs={"list": "steps", "autocomplete": "off"}),
            "trigger": forms.Textarea(attrs={"rows": 2}),
            "reply": forms.Textarea(attrs={"rows": 6}),
            "next_step": forms.TextInput(
                attrs={"list": "steps", "data-many": "", "autocomplete": "off"}
            ),
            "formula": forms.TextInput(attrs={"class": "vTextField vMono"}),
            "handler": forms.TextInput(attrs={"list": "handlers", "autocomplete": "off"}),
        }
        help_texts = {
            "step": gettext_lazy(
                "Dónde está el cliente cuando escribe, por ejemplo menu_principal."
            ),
            "trigger": gettext_lazy(
                "Varias formas separadas por comas: hola, buenas. Un * contesta a cualquier cosa. "
                "También @imagen, @video, @audio, @documento, @ubicacion, @contacto o @sticker."
            ),
            "match": gettext_lazy("«Contiene» busca las palabras dentro de lo que escribe."),
            "reply": gettext_lazy("*negrita*, _cursiva_ y ~tachado~ se ven como en WhatsApp."),
            "next_step": gettext_lazy(
                "Vacío: el cliente se queda en el paso. Varios separados por comas se recorren en "
                "orden."
            ),
            "role_keyword": gettext_lazy("El chat pasa a las personas con ese rol."),
            "hands_over": gettext_lazy("El bot calla hasta que un asesor le devuelva el chat."),
            "formula": gettext_lazy(
                "Precio a partir de lo que escribe: medida*1700, o p1 y p2 en «120 x 80». En la "
                "respuesta, {total}, {total:,} o {total:,.2f}."
            ),
            "handler": gettext_lazy("Una función de la instalación que corre antes de contestar."),
            "priority": gettext_lazy("La menor contesta primero; lo normal es 100."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("loaded", self.instance.revision)
        if "role_keyword" in self.fields:
            self.fields["role_keyword"] = _role_field(self.instance.role_keyword)
        self.handlers = tuple(HANDLERS)

    def clean_step(self) -> str:
        return normalize_step(self.cleaned_data["step"])

    def clean_reply(self) -> str:
        return str(self.cleaned_data["reply"]).replace("\r\n", "\n")

    def clean_trigger(self) -> str:
        return str(self.cleaned_data["trigger"]).replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if GONE in self.data or self._is_stale(cleaned.get("loaded")):
            self.add_error(None, forms.ValidationError(_("Alguien la cambió."), code=STALE))
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

    def _is_stale(self, loaded: int | None) -> bool:
        if not self.instance.pk or loaded is None or loaded == self.instance.revision:
            return False
        if self.data.get(OVERWRITE) != str(self.instance.revision):
            return True
        self.data = self.data.copy()  # type: ignore[attr-defined]
        self.data["loaded"] = str(self.instance.revision)  # type: ignore[index]
        return False


class RuleMediaForm(MediaForm):
    class Meta:
        model = RuleMedia
        fields = ("position", "kind", "url", "file")
        widgets = {"url": forms.URLInput(attrs={"class": "vURLField"})}


class RuleMediaFormSet(MediaFormSet):
    """Checks the rule's reply too: only here are the rule and its medias both known."""

    def clean(self) -> None:
        super().clean()
        rule = self.instance
        words = words_of(rule, has_medias=bool(self.medias()))
        reasons = [reason for _field, reason in reply_problems(words)]
        if reasons:
            raise forms.ValidationError(_("Respuesta: %(reason)s") % {"reason": reasons[0]})
        is_fit = rule.step and rule.trigger and not any(content_problems(words))
        if is_fit and ANYWAY not in self.data:
            ask_about(rule, self.medias())


def _role_field(stored: str) -> forms.ChoiceField:
    """The company's roles; one that no longer exists stays until it is changed."""
    roles = list(Role.objects.exclude(keyword=Role.SUPERADMIN).order_by("name"))
    choices = [("", _("Nadie en especial")), *((role.keyword, role.name) for role in roles)]
    if stored and stored not in dict(choices):
        choices.append((stored, _("%(role)s (no existe)") % {"role": stored}))
    return forms.ChoiceField(
        label=_("Dar el chat al rol"),
        choices=choices,
        required=False,
        help_text=RuleForm.Meta.help_texts["role_keyword"],
    )
