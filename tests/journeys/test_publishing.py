"""The draft, its edits, and what is published of it."""

import pytest

from chatbot import drafts, publishing, rulebooks
from chatbot.models import Rule, RulebookRelease, RuleEdit, RuleMedia
from chatbot.snapshots import difference, pack, unpack
from media_pipeline.models import MediaFile
from tests.journeys.shop import Shop

SAVED = RuleEdit.Kind.SAVED


def write(step: str, trigger: str, reply: str) -> int:
    with drafts.editing(SAVED, author="ana"):
        return Rule.objects.create(step=step, trigger=trigger, reply=reply).pk


def change(pk: int, reply: str) -> RuleEdit:
    with drafts.editing(SAVED, author="ana") as edit:
        edit.will_change([pk])
        Rule.objects.filter(pk=pk).update(reply=reply)
    return RuleEdit.objects.latest("pk")


def test_a_draft_answers_nobody_until_it_is_published(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Hola")
    with shop.inside():
        rule = Rule.objects.get()
        change(rule.pk, "Buenas")
    shop.says("hola")
    assert shop.last_sent().body == "Hola"
    with shop.inside():
        assert publishing.pending().changed[0].fields == ("reply",)
        publishing.publish(author="ana")
        assert publishing.pending().size == 0
    shop.says("reiniciar")
    assert shop.last_sent().body == "Buenas"


def test_a_message_remembers_the_release_that_answered(shop: Shop) -> None:
    shop.rules("menu_principal|iniciar|Hola")
    shop.says("hola")
    with shop.inside():
        assert shop.last_sent().rules_release == RulebookRelease.objects.latest("number").number


def test_an_edit_is_undone_as_a_whole(shop: Shop) -> None:
    with shop.inside():
        pk = write("menu", "1", "Uno")
        RuleMedia.objects.create(rule_id=pk, url="https://e.co/a.png", kind="image")
        before = drafts.draft_rules()
        edit = change(pk, "Otro")
        drafts.undo(edit, author="luis")
        assert drafts.draft_rules() == before
        edit.refresh_from_db()
        assert edit.undone_by is not None
        assert Rule.objects.get().revision == 3


def test_undoing_a_new_rule_removes_it(shop: Shop) -> None:
    with shop.inside():
        write("menu", "1", "Uno")
        drafts.undo(RuleEdit.objects.latest("pk"), author="luis")
        assert not Rule.objects.exists()


def test_what_changed_since_is_not_undone(shop: Shop) -> None:
    with shop.inside():
        pk = write("menu", "1", "Uno")
        edit = change(pk, "Dos")
        change(pk, "Tres")
        with pytest.raises(drafts.EditConflict, match="menu · 1"):
            drafts.undo(edit, author="luis")
        assert Rule.objects.get().reply == "Tres"


def test_a_release_is_restored_with_its_ids(shop: Shop) -> None:
    with shop.inside():
        pk = write("menu", "1", "Uno")
        first = publishing.publish(author="ana").release
        change(pk, "Dos")
        write("menu", "2", "Nueva")
        publishing.publish(author="ana")
        publishing.restore(first.number, author="luis")
        assert [(rule.pk, rule.reply) for rule in Rule.objects.all()] == [(pk, "Uno")]
        assert rulebooks.current().version == 3
        assert [rule.reply for rule in rulebooks.current().rules.values()] == ["Uno"]


def test_a_discarded_draft_can_be_had_back(shop: Shop) -> None:
    with shop.inside():
        pk = write("menu", "1", "Uno")
        publishing.publish()
        change(pk, "Dos")
        publishing.discard_draft(author="ana")
        assert publishing.pending().size == 0
        drafts.undo(RuleEdit.objects.latest("pk"), author="ana")
        assert Rule.objects.get().reply == "Dos"


def test_what_comes_back_goes_without_a_file_that_is_gone(shop: Shop) -> None:
    with shop.inside():
        file = MediaFile.objects.create(path="a.png", mime_type="image/png", size=1, sha256="0")
        pk = write("menu", "1", "Uno")
        with drafts.editing(SAVED, author="ana") as edit:
            edit.will_change([pk])
            RuleMedia.objects.create(rule_id=pk, file=file, kind="image")
        with drafts.editing(RuleEdit.Kind.DELETED, author="ana") as edit:
            edit.will_change([pk])
            Rule.objects.all().delete()
        file.delete()
        drafts.undo(RuleEdit.objects.latest("pk"), author="ana")
        assert Rule.objects.get().medias.count() == 0


def test_a_failed_edit_leaves_nothing(shop: Shop) -> None:
    with shop.inside():
        pk = write("menu", "1", "Uno")
        with pytest.raises(ZeroDivisionError), drafts.editing(SAVED, author="ana") as edit:
            edit.will_change([pk])
            Rule.objects.all().delete()
            raise ZeroDivisionError
        assert Rule.objects.count() == 1
        assert RuleEdit.objects.count() == 1


def test_rules_are_kept_and_compared_as_values(shop: Shop) -> None:
    with shop.inside():
        write("menu", "ñandú 👍", "Uno")
        rules = tuple(drafts.draft_rules())
    assert unpack(pack(rules)) == rules
    assert difference(rules, rules).size == 0
    assert difference((), rules).new == rules
