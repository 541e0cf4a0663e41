"""The rules that answered until now become the first release: the rows of Rule are the draft."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone

from chatbot.rule_data import MediaRef, RuleData
from chatbot.snapshots import FIELDS, pack


def publish(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    alias = schema_editor.connection.alias
    rules = apps.get_model("chatbot", "Rule").objects.using(alias)
    if not rules.exists():
        return
    medias: dict[int, list[MediaRef]] = {}
    found = apps.get_model("chatbot", "RuleMedia").objects.using(alias)
    for rule_id, kind, url, file_id in found.order_by("position", "pk").values_list(
        "rule_id", "kind", "url", "file_id"
    ):
        medias.setdefault(rule_id, []).append(MediaRef(kind, url, file_id))
    names = ["id", *(name for name in FIELDS if name != "medias")]
    packed = pack(
        RuleData(**values, medias=tuple(medias.get(values["id"], ())))
        for values in rules.values(*names)
    )
    apps.get_model("chatbot", "RulebookRelease").objects.using(alias).create(
        number=1,
        published_at=timezone.now(),
        origin="inicial",
        rules=packed,
        rule_count=rules.count(),
    )
    versions = apps.get_model("chatbot", "RulebookVersion").objects.using(alias)
    versions.update_or_create(pk=1, defaults={"version": 1})


class Migration(migrations.Migration):
    dependencies = [("chatbot", "0002_drafts_and_releases")]
    operations = [migrations.RunPython(publish, migrations.RunPython.noop)]
