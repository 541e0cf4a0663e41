"""The addresses of files in chats."""

from django.urls import path

from conversations import file_views

_FILE = "chats/<int:conversation_id>/archivos"

urlpatterns = [
    path(_FILE, file_views.chat_upload, name="chat_upload"),
    path(f"{_FILE}/<int:message_id>", file_views.chat_file, name="chat_file"),
    path(f"{_FILE}/<int:message_id>/descargar", file_views.chat_file_fetch, name="chat_file_fetch"),
]
