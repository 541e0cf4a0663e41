"""The benchmark's menu, in the active company."""

from chatbot.models import Rule
from chatbot.publishing import publish


def write_menu() -> None:
    Rule.objects.create(step="menu_principal", trigger="iniciar", reply="Menu")
    Rule.objects.create(step="menu_principal", trigger="1", match="contiene", reply="Uno")
    Rule.objects.create(step="menu_principal", trigger="*", reply="No entiendo")
    publish()
