"""The line to WhatsApp as the active company has it."""

from django.conf import settings

from conversations.whatsapp.client import Client
from tenants.context import current_tenant


def client(timeout: tuple[float, float] = (5.0, 20.0)) -> Client:
    """Meta's API with the active company's token; `timeout` is (connect, read) in seconds."""
    token = current_tenant().config.meta_token
    return Client(settings.GRAPH_API_URL, settings.WHATSAPP_API_VERSION, token, timeout=timeout)
