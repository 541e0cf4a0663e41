"""Finding a message or a chat by whatever a person remembers of it, on both engines."""

from typing import Any

import pytest

from conversations import search, search_index
from conversations.models import Contact, Conversation, Message
from conversations.own_rows import add_event, add_note
from conversations.search_words import indexed, marked, search_of
from media_pipeline.models import MediaFile
from tenants.models import Role, Tenant, User
from tests.conversations.test_views import make_chat, make_user, say


@pytest.fixture
def admin(acme: Tenant) -> User:
    return make_user("ana", Role.ADMIN)


@pytest.fixture
def chat(acme: Tenant) -> Conversation:
    return make_chat("María Peñalosa", "573001234567")


def found(user: User, typed: str) -> list[str]:
    return [hit.message.body for hit in search.messages(user, typed).hits]


def names(user: User, typed: str) -> list[str]:
    return [str(chat.contact) for chat in search.chats(user, typed)[0]]


@pytest.mark.parametrize(
    "typed",
    [
        "camión",
        "CAMION",
        "cami",
        "¿camión?",
        "camión año",
        "de año",
        "com",
        "a la",
        '"camión" +-*()~<>@',
    ],
)
def test_a_message_is_found_by_the_beginnings_of_its_words(
    admin: User, chat: Conversation, typed: str
) -> None:
    text = "El camión llega a la com de este año" if "@" not in typed else "camión"
    say(chat, text)
    say(chat, "otra cosa muy distinta")
    assert found(admin, typed) == [text]


@pytest.mark.parametrize("typed", ["mion", "camiones", "camion barco", "", "¿?", "   ", "👍"])
def test_what_does_not_hold_every_word_is_not_found(
    admin: User, chat: Conversation, typed: str
) -> None:
    say(chat, "el camión llega")
    assert found(admin, typed) == []


@pytest.mark.parametrize(
    "typed", ["+57 300 123 45 67", "300-1234567", "(300) 123 4567", "3001234567", "573001234567"]
)
def test_a_number_is_found_in_any_format(admin: User, chat: Conversation, typed: str) -> None:
    make_chat("Otro", "573009999999")
    say(chat, "llámame al 300 123 45 67 por favor")
    say(chat, "mi otro es +57 (300) 123-4567")
    say(chat, "el 300 no es")
    assert len(found(admin, typed)) == 2
    assert names(admin, typed) == ["María Peñalosa"]


@pytest.mark.parametrize("typed", ["maria", "PEÑALOSA", "penal", "peñalosa maría", "4567", "mari"])
def test_a_chat_is_found_by_name_or_part_of_the_number(
    admin: User, chat: Conversation, typed: str
) -> None:
    make_chat("Beto", "573110000000")
    assert names(admin, typed) == ["María Peñalosa"]


def test_alias_user_name_and_notes_count_and_the_best_name_comes_first(
    admin: User, chat: Conversation
) -> None:
    for name, values in {
        "Uno": {"alias": "Sole"},
        "Dos": {"username": "soledad.9"},
        "Tres": {"notes": "vecina de Soledad"},
        "Sol": {},
        "Marisol": {},
    }.items():
        made = make_chat(name, f"57311000{len(name)}{ord(name[0])}{ord(name[-1])}")
        Contact.objects.filter(pk=made.contact_id).update(**values)
    assert names(admin, "sol")[0] == "Sol"
    assert set(names(admin, "sol")) == {"Sol", "Sole", "Dos", "Tres", "Marisol"}


def test_files_places_notes_and_transcripts_are_found_and_events_are_not(
    admin: User, chat: Conversation
) -> None:
    file = MediaFile.objects.create(
        path="x",
        mime_type="application/pdf",
        size=1,
        sha256="0" * 64,
        original_name="Cotización 8.pdf",
    )
    say(chat, "", kind="document", media=file, payload={"document": {"filename": "otro.pdf"}})
    say(chat, "", kind="location", payload={"location": {"name": "Bodega Norte"}})
    add_note(chat, "ojo: cliente mayorista", agent=admin)
    add_event(chat, "assigned", agent=admin, to="Bodega")
    heard = say(chat, "", kind="audio")
    assert len(found(admin, "cotizacion pdf")) == 1
    assert len(found(admin, "otro.pdf")) == 1
    assert len(found(admin, "bodega")) == 1
    assert found(admin, "mayorista") == ["ojo: cliente mayorista"]
    Message.objects.filter(pk=heard.pk).update(body="quiero hablar con ustedes")
    search_index.reindex([heard.pk])
    assert found(admin, "ustedes") == ["quiero hablar con ustedes"]


def test_what_was_edited_is_found_by_both_texts_and_what_was_deleted_by_none(
    admin: User, chat: Conversation
) -> None:
    wrong, gone = say(chat, "nos vemos el juebes"), say(chat, "mi clave es secreta")
    assert found(admin, "juebes")
    words = {"edit": {"message": {"type": "text", "text": {"body": "nos vemos el jueves"}}}}
    say(chat, "", kind="edit", context_wamid=wrong.wamid, payload=words)
    say(chat, "", kind="revoke", context_wamid=gone.wamid)
    assert found(admin, "jueves") == found(admin, "juebes") == ["nos vemos el juebes"]
    assert found(admin, "secreta") == []


def test_an_agent_finds_only_what_they_may_see(chat: Conversation) -> None:
    luis = make_user("luis", "ventas")
    hidden = make_chat("María Oculta", "573112223344")
    hidden.roles.add(Role.objects.create(keyword="soporte", name="Soporte"))
    say(chat, "el pedido azul")
    for _ in range(search.BLOCK + 5):
        say(hidden, "el pedido rojo")
    assert found(luis, "pedido") == ["el pedido azul"]
    assert names(luis, "maria") == ["María Peñalosa"]


def test_every_page_is_reached_and_no_hit_comes_twice(admin: User, chat: Conversation) -> None:
    bodies = {f"factura {number}" for number in range(search.PAGE * 2 + 7)}
    for body in sorted(bodies):
        say(chat, body)
    for number in range(search.CHATS_PAGE + 3):
        make_chat(f"Factura {number}", f"5732{number:08d}")
    seen, before, pages = [], search.NEWEST, 0
    while before:
        page = search.messages(admin, "factura", before)
        seen += [hit.message.body for hit in page.hits]
        before, pages = page.next_id, pages + 1
    assert sorted(seen) == sorted(bodies)
    assert pages == 3
    first, more = search.chats(admin, "factura")
    rest, end = search.chats(admin, "factura", skip=search.CHATS_PAGE)
    assert more
    assert not end
    assert len({chat.pk for chat in (*first, *rest)}) == search.CHATS_PAGE + 3


def test_the_same_words_together_come_before_the_newest(admin: User, chat: Conversation) -> None:
    say(chat, "camisa azul grande")
    say(chat, "azul la pared, gris la camisa")
    assert found(admin, "camisa azul")[0] == "camisa azul grande"


def test_a_message_that_committed_late_is_found(admin: User, chat: Conversation) -> None:
    late = say(chat, "palabra tardía")
    kept = Message.objects.filter(pk=late.pk).values().get()
    late.delete()
    for number in range(30):
        say(chat, f"otro {number}")
    assert search_index.catch_up() == 30
    Message.objects.create(**kept)
    assert found(admin, "tardia") == ["palabra tardía"]


def test_the_job_and_a_rebuild_find_everything_and_forget_what_is_gone(
    admin: User, chat: Conversation
) -> None:
    kept, gone = say(chat, "se queda"), say(chat, "se va")
    assert search_index.keep_up() is True
    assert search_index.keep_up() is False
    gone.delete()
    search_index.mend()
    assert search_index.catch_up() == 0
    assert stored_ids() == {kept.pk}
    assert search_index.rebuild() == 1
    assert found(admin, "queda") == ["se queda"]


def stored_ids() -> set[int]:
    from tenants.statements import select

    key = search_index.key_column()
    return {pk for (pk,) in select(f"SELECT {key} FROM {search_index.TABLE}")}


def test_a_database_that_came_back_without_the_table_makes_it(
    admin: User, chat: Conversation
) -> None:
    from tenants.statements import execute

    say(chat, "sigo aquí")
    execute(f"DROP TABLE {search_index.TABLE}")
    assert found(admin, "sigo") == ["sigo aquí"]


@pytest.mark.parametrize(
    ("text", "typed", "hit"),
    [
        ("¿Cuánto CUESTA el envío?", "envio", "envío"),
        ("¿Cuánto CUESTA el envío?", "cues", "CUES"),
        ("llama al 300 123-4567 hoy", "3001234567", "300 123-4567"),
        ("x" * 300 + " aquí", "aqui", "aquí"),
    ],
)
def test_the_hit_is_marked_in_the_words_as_they_were_written(
    text: str, typed: str, hit: str
) -> None:
    pieces = marked(text, search_of(typed))
    assert [piece.text for piece in pieces if piece.is_hit] == [hit]
    assert len("".join(piece.text for piece in pieces)) < 200


def test_words_that_a_full_text_passes_over_are_lengthened() -> None:
    assert indexed("El de la com, sí") == " el_ de_ la_ com_ si_"


@pytest.mark.parametrize("text", ["<b>", "\x00", "a" * 100_000, "1" * 500, "💥" * 200, "%_\\'\""])
def test_hostile_searches_find_nothing_and_break_nothing(
    admin: User, chat: Conversation, text: Any
) -> None:
    say(chat, "normal")
    assert found(admin, text) == []
    assert names(admin, text) == []
