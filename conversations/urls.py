"""The inbox's addresses."""

from django.urls import include, path

from conversations import template_views, thread_views, views

urlpatterns = [
    path("", include("conversations.composer_urls")),
    path("", include("conversations.work_urls")),
    path("", include("conversations.file_urls")),
    path("", views.inbox, name="inbox"),
    path("", include("conversations.list_urls")),
    path("chats/<int:conversation_id>/", views.chat, name="chat"),
    path("chats/<int:conversation_id>/mensajes", thread_views.chat_messages, name="chat_messages"),
    path(
        "chats/<int:conversation_id>/mensajes/<int:message_id>/reintentar",
        views.chat_retry,
        name="chat_retry",
    ),
    path(
        "chats/<int:conversation_id>/mensajes/<int:message_id>/info",
        thread_views.message_info,
        name="message_info",
    ),
    path(
        "chats/<int:conversation_id>/plantillas",
        template_views.template_picker,
        name="template_picker",
    ),
    path(
        "chats/<int:conversation_id>/plantillas/<int:template_id>",
        template_views.template_send,
        name="template_send",
    ),
    path("numeros/avisos", views.number_troubles, name="number_troubles"),
    path("numeros/<str:phone_number_id>/reintentar", views.number_retry, name="number_retry"),
    path("chats/<int:conversation_id>/leido", views.chat_read, name="chat_read"),
]
