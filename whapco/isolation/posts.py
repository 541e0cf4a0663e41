"""What is posted beside, or instead of, what the page's own form would send."""

from collections.abc import Callable

from conversations.sheet_admin import PreviewStorage
from tenants.context import tenant_context
from whapco.isolation.forms import Fields
from whapco.isolation.people import World


def _ticked(world: World) -> Fields:
    """The action of a list, on every object of B of any kind."""
    every = {str(pk) for keys in world.other.objects.values() for pk in keys[1:]}
    keys = sorted(pk for pk in every if pk.isdecimal() and len(pk) < 8)  # no phone numbers
    return {
        "action": ["delete_selected"],
        "_selected_action": keys,
        "post": ["yes"],
        "index": ["0"],
    }


def _uploaded_by_b(world: World) -> Fields:
    """The signed name of a sheet that B's administrator has uploaded and not yet confirmed."""
    with tenant_context(world.other.tenant):
        storage = PreviewStorage()
        storage.save(world.other.marks.text("hoja subida por B").encode())
    return {
        "import_file_name": [storage.name],
        "original_file_name": ["reglas.xlsx"],
        "format": ["0"],
        "resource": ["0"],
    }


# By the ending of the address's name.
POSTS: dict[str, Callable[[World], Fields]] = {
    "_changelist": _ticked,
    "_process_import": _uploaded_by_b,
    "chat_reply": lambda world: {"text": ["intruso"]},
    "login": lambda world: {
        "company": [world.other.key],
        "username": ["admin"],
        "password": ["una-clave-cualquiera"],
    },
}
