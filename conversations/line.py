"""The line to WhatsApp as the active company has it."""

from django.conf import settings

from conversations.whatsapp.client import Client
from tenants.context import current_tenant


def client() -> Client:
    """Meta's API with the active company's token."""
    return Client(
        settings.GRAPH_API_URL, settings.WHATSAPP_API_VERSION, current_tenant().config.meta_token
    )
