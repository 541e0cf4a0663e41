"""What agents keep around a chat: labels, drafts, pins, mentions, later messages, their desk."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conversations.models import Conversation, Message
from tenants.models import Role


class Label(models.Model):
    """A coloured word on chats. `colour` names one of the theme's hues: see tokens.css."""

    class Colour(models.TextChoices):
        TEAL = "teal", _("Turquesa")
        BLUE = "blue", _("Azul")
        GREEN = "green", _("Verde")
        AMBER = "amber", _("Ámbar")
        RED = "red", _("Rojo")
        PURPLE = "purple", _("Morado")
        PINK = "pink", _("Rosado")
        GREY = "grey", _("Gris")

    name = models.CharField(_("nombre"), max_length=40, unique=True)
    colour = models.CharField(_("color"), max_length=8, choices=Colour.choices, default=Colour.TEAL)

    class Meta:
        verbose_name = _("etiqueta")
        verbose_name_plural = _("etiquetas")

    def __str__(self) -> str:
        return self.name


class Draft(models.Model):
    """What an agent has typed in a chat and not sent."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE)
    text = models.TextField()
    is_note = models.BooleanField(default=False)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "conversation"], name="one_draft_per_chat")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.conversation_id}"


class Pin(models.Model):
    """A chat that one agent keeps at the top of the list."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "conversation"], name="one_pin_per_chat")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.conversation_id}"


class Mention(models.Model):
    """An agent called in a note."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="mentions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "user"], name="one_mention")]

    def __str__(self) -> str:
        return f"{self.message_id} {self.user_id}"


class ScheduledMessage(models.Model):
    """Words to be queued at a time. Ended by `sent_at` with its message, or by `cancelled_at`
    with why in `reason` when it was not a person's choice."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="scheduled"
    )
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    key = models.UUIDField(unique=True, default=uuid.uuid4)  # becomes the message's send key
    body = models.TextField()
    payload = models.JSONField()  # the words we send
    send_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True)

    class Meta:
        indexes = [models.Index(fields=["sent_at", "cancelled_at", "send_at"], name="due")]

    def __str__(self) -> str:
        return f"{self.conversation_id} {self.send_at:%Y-%m-%d %H:%M}"


class AgentDesk(models.Model):
    """Where an agent is now, and how many chats they take. Present: seen in the last minute and
    not away."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True
    )
    conversation = models.ForeignKey(
        Conversation, on_delete=models.SET_NULL, null=True, related_name="desks"
    )  # on their screen
    seen_at = models.DateTimeField(null=True, db_index=True)
    typing_at = models.DateTimeField(null=True)
    is_away = models.BooleanField(default=False)
    chat_limit = models.PositiveSmallIntegerField(null=True, blank=True)  # null: the role's
    last_given_at = models.DateTimeField(null=True)  # whose turn it is: the longest ago

    def __str__(self) -> str:
        return str(self.user_id)


class RoleDesk(models.Model):
    """Whether new chats of a role are dealt out among its agents, and how many each takes."""

    role = models.OneToOneField(Role, on_delete=models.CASCADE, primary_key=True)
    deals_out = models.BooleanField(_("repartir los chats nuevos"), default=False)
    chat_limit = models.PositiveSmallIntegerField(_("chats por asesor"), default=10)

    def __str__(self) -> str:
        return str(self.role_id)
