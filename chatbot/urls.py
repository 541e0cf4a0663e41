"""What an agent does to the bot of a chat."""

from django.urls import path

from chatbot import quick_reply_views, views, why_pages

urlpatterns = [
    path("chats/<int:conversation_id>/bot", views.chat_bot, name="chat_bot"),
    path("chats/<int:conversation_id>/devolver", views.chat_resume_bot, name="chat_resume_bot"),
    path("chats/<int:conversation_id>/finalizar", views.chat_finish, name="chat_finish"),
    path(
        "chats/<int:conversation_id>/mensajes/<int:message_id>/por-que",
        why_pages.message_why,
        name="message_why",
    ),
    path(
        "chats/<int:conversation_id>/respuestas",
        quick_reply_views.quick_reply_list,
        name="quick_reply_list",
    ),
    path(
        "chats/<int:conversation_id>/respuestas/<int:quick_reply_id>",
        quick_reply_views.quick_reply_send,
        name="quick_reply_send",
    ),
]
