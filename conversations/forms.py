"""What agents write."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from conversations.models import Conversation, Message
from conversations.whatsapp import outbound


class ReplyForm(forms.Form):
    """An agent's answer. `key` belongs to this one form, so that sending it twice sends once;
    `quote` is the id of a message of the same chat."""

    text = forms.CharField(
        max_length=outbound.TEXT_LIMIT,
        error_messages={
            "required": _("Escribe un mensaje."),
            "max_length": _("WhatsApp acepta hasta %(limit_value)d caracteres por mensaje."),
        },
    )
    key = forms.UUIDField(error_messages={"required": _("Recarga la página e inténtalo otra vez.")})
    quote = forms.ModelChoiceField(
        queryset=Message.objects.none(),
        required=False,
        error_messages={"invalid_choice": _("El mensaje citado ya no está en este chat.")},
    )

    def __init__(self, conversation: Conversation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        messages = conversation.messages.exclude(wamid=None)
        self.fields["quote"].queryset = messages  # type: ignore[attr-defined]

    def clean_text(self) -> str:
        """Browsers send line breaks as CRLF; WhatsApp knows LF."""
        return str(self.cleaned_data["text"]).replace("\r\n", "\n")

    @classmethod
    def fresh(cls, conversation: Conversation) -> "ReplyForm":
        return cls(conversation, initial={"key": uuid.uuid4()})
