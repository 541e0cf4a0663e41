"""The addresses of the work on chats."""

from django.urls import path

from conversations import presence_views, work_views

CHAT = "chats/<int:conversation_id>"

urlpatterns = [
    path(f"{CHAT}/asignar", work_views.chat_assign, name="chat_assign"),
    path(f"{CHAT}/estado", work_views.chat_state, name="chat_state"),
    path(f"{CHAT}/etiquetas", work_views.chat_labels, name="chat_labels"),
    path(f"{CHAT}/posponer", work_views.chat_snooze, name="chat_snooze"),
    path(f"{CHAT}/despertar", work_views.chat_wake, name="chat_wake"),
    path(f"{CHAT}/pausar", work_views.chat_pause_bot, name="chat_pause_bot"),
    path(f"{CHAT}/presencia", presence_views.chat_presence, name="chat_presence"),
    path("presencia", presence_views.at_work, name="at_work"),
    path("presencia/ausente", presence_views.away, name="away"),
    path("menciones", presence_views.mention_list, name="mention_list"),
    path("menciones/vistas", presence_views.mentions_seen, name="mentions_seen"),
]
