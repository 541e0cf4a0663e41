"""The cell of options in a form: JSON for who knows it, rows for who does not (js/rules)."""

import json
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from conversations.whatsapp import outbound
from whapco.lib.cells import read_json
from whapco.lib.spreadsheets import BadCell

TEXT_LIMIT = 100_000  # characters of the JSON as it is written, blanks included
LIMITS = {
    "title": outbound.BUTTON_TITLE_LIMIT,
    "id": outbound.ROW_ID_LIMIT,
    "row": outbound.ROW_TITLE_LIMIT,
    "description": outbound.ROW_DESCRIPTION_LIMIT,
    "section": outbound.SECTION_TITLE_LIMIT,
    "header": outbound.HEADER_LIMIT,
    "footer": outbound.FOOTER_LIMIT,
    "button": outbound.LIST_BUTTON_LIMIT,
    "cta": outbound.FLOW_CTA_LIMIT,
    "buttons": outbound.BUTTONS_LIMIT,
    "rows": outbound.ROWS_LIMIT,
    "sections": outbound.SECTIONS_LIMIT,
}
REPLY_LIMITS = {
    "text": outbound.TEXT_LIMIT,
    "caption": outbound.CAPTION_LIMIT,
    "interactive": outbound.INTERACTIVE_BODY_LIMIT,
}


class OptionsWidget(forms.Textarea):
    """Limits are UTF-16 units, which is what a browser counts too."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"rows": 10, "class": "vMono", "spellcheck": "false", **(attrs or {})})

    def render(self, *args: Any, **kwargs: Any) -> SafeString:
        """Around it stands what the script makes rows from."""
        context = {"textarea": super().render(*args, **kwargs), "limits": LIMITS}
        return render_to_string("admin/chatbot/rule/_options_field.html", context)


class OptionsField(forms.Field):
    """JSON as text -> its value, None when empty. Keeps what the person wrote while it is wrong."""

    widget = OptionsWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else shown(value)

    def to_python(self, value: Any) -> Any:
        text = str(value or "").strip()
        if len(text) > TEXT_LIMIT:
            raise forms.ValidationError(
                _("El JSON tiene más de %(limit)d caracteres: pide menos opciones.")
                % {"limit": TEXT_LIMIT}
            )
        try:
            return read_json(text)
        except BadCell as error:
            raise forms.ValidationError(str(error)) from error

    def validate(self, value: Any) -> None:
        """Nothing is required of them here: the rule's kind decides."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != initial)
        except forms.ValidationError:
            return True


def shown(value: Any) -> str:
    """Options as people read and write them."""
    return "" if value is None else json.dumps(value, ensure_ascii=False, indent=2)
