"""The table of search is made here and filled by a job, the oldest first: see search_index.py."""

from django.conf import settings
from django.db import migrations, models


def make_table(apps, schema_editor):
    from conversations.search_index import make

    make(schema_editor.connection.alias)


def drop_table(apps, schema_editor):
    schema_editor.execute("DROP TABLE IF EXISTS conversations_search")


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0007_work_of_agents'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='conversation',
            index=models.Index(fields=['state', 'snoozed_until', 'assigned_to'], name='chat_work'),
        ),
        migrations.RunPython(make_table, drop_table),
    ]
