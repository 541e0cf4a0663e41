"""What an agent does to the bot of a chat."""

from django.urls import path

from chatbot import views

urlpatterns = [
    path("chats/<int:conversation_id>/devolver", views.chat_resume_bot, name="chat_resume_bot"),
    path("chats/<int:conversation_id>/finalizar", views.chat_finish, name="chat_finish"),
]
