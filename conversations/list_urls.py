"""The chat list's addresses."""

from django.urls import path

from conversations import list_views

urlpatterns = [
    path("chats/lista", list_views.chat_list, name="chat_list"),
    path("chats/buscar", list_views.chat_search, name="chat_search"),
    path("chats/varios", list_views.chats_act, name="chats_act"),
    path("chats/varios/deshacer", list_views.chats_undo, name="chats_undo"),
    path("chats/<int:conversation_id>/fijar", list_views.chat_pin, name="chat_pin"),
    path("chats/<int:conversation_id>/sin-leer", list_views.chat_unread, name="chat_unread"),
]
