"""The addresses of what agents write."""

from django.urls import path

from conversations import attach_views
from conversations import composer_views as views

CHAT = "chats/<int:conversation_id>"
MESSAGE = f"{CHAT}/mensajes/<int:message_id>"

urlpatterns = [
    path(f"{CHAT}/responder", views.chat_reply, name="chat_reply"),
    path(f"{CHAT}/borrador", views.chat_draft, name="chat_draft"),
    path(f"{CHAT}/nota", views.chat_note, name="chat_note"),
    path(f"{CHAT}/colegas", views.colleagues, name="colleagues"),
    path(f"{CHAT}/programados", views.chat_scheduled, name="chat_scheduled"),
    path(
        f"{CHAT}/programados/<int:scheduled_message_id>",
        views.scheduled_change,
        name="scheduled_change",
    ),
    path(f"{CHAT}/archivos/enviar", attach_views.chat_send_files, name="chat_send_files"),
    path(f"{CHAT}/opciones", views.chat_options, name="chat_options"),
    path(f"{MESSAGE}/reaccion", views.message_react, name="message_react"),
    path(f"{MESSAGE}/reenviar", views.message_forward, name="message_forward"),
]
