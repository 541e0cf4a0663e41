"""The addresses of files in chats."""

from django.urls import path

from conversations import file_views, transcript_views

_FILE = "chats/<int:conversation_id>/archivos"
_HEARD = f"{_FILE}/<int:message_id>/transcripcion"

urlpatterns = [
    path(_FILE, file_views.chat_upload, name="chat_upload"),
    path(f"{_FILE}/<int:message_id>", file_views.chat_file, name="chat_file"),
    path(f"{_FILE}/<int:message_id>/descargar", file_views.chat_file_fetch, name="chat_file_fetch"),
    path(_HEARD, transcript_views.transcript_edit, name="transcript_edit"),
    path(f"{_HEARD}/otra-vez", transcript_views.transcript_again, name="transcript_again"),
]
