"""WHAT WAS SAID: contacts, chats, messages. The rows are the queue: see inbox.py and outbox.py."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conversations.querysets import ConversationQuerySet, MessageQuerySet
from media_pipeline.models import MediaFile
from tenants.models import Role
from whapco.lib.fields import ExactCharField

CLOSING = timedelta(hours=4)  # left to answer in: "cierra pronto"


class Contact(models.Model):
    """A person on WhatsApp (or a group). Any of the three ids may be missing, never all."""

    wa_id = ExactCharField(max_length=32, unique=True, null=True, blank=True)
    user_id = ExactCharField(max_length=150, unique=True, null=True, blank=True)
    group_id = ExactCharField(max_length=150, unique=True, null=True, blank=True)
    parent_user_id = ExactCharField(max_length=150, blank=True)
    username = models.CharField(max_length=100, blank=True)
    profile_name = models.CharField(max_length=255, blank=True)
    alias = models.CharField(_("alias"), max_length=255, blank=True)
    opted_out_at = models.DateTimeField(null=True, blank=True)  # asked for silence (BAJA, STOP)
    fields = models.JSONField(default=dict, blank=True)  # {"Ciudad": "Cali"}: what agents note down
    notes = models.TextField(_("notas"), blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("cliente")
        verbose_name_plural = _("clientes")

    def __str__(self) -> str:
        return self.alias or self.profile_name or self.username or self.address

    @property
    def address(self) -> str:
        """What identifies the person to Meta and to a handler function: number, else user id."""
        return self.wa_id or self.user_id or self.group_id or ""


class Conversation(models.Model):
    """The chat of one contact with one business number."""

    class Handler(models.TextChoices):
        BOT = "bot", _("Bot")
        AGENT = "agent", _("Asesor")

    class State(models.TextChoices):
        OPEN = "open", _("Abierta")
        PENDING = "pending", _("Pendiente")  # we wait for something else than the contact's word
        RESOLVED = "resolved", _("Resuelta")  # the contact's next message opens it again

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="conversations")
    phone_number_id = ExactCharField(max_length=64)
    handler = models.CharField(max_length=8, choices=Handler.choices, default=Handler.BOT)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    roles = models.ManyToManyField(Role, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    snoozed_until = models.DateTimeField(null=True)  # or until the contact writes
    labels: "models.ManyToManyField[Label, models.Model]" = models.ManyToManyField(
        "Label", blank=True, related_name="conversations"
    )
    attention = models.CharField(  # empty: needs none; else why, such as "sin_regla"
        _("necesita atención"), max_length=40, blank=True
    )
    unread_count = models.PositiveIntegerField(default=0)
    last_message_at = models.DateTimeField(default=timezone.now)
    window_closes_at = models.DateTimeField(null=True)  # 24 h after the contact's last message
    agent_spoke_at = models.DateTimeField(null=True)
    lease_owner = ExactCharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ConversationQuerySet.as_manager()
    latest: "Message | None" = None  # this and the next three: where chat_rows.dress has put them
    draft_text = ""
    label_names: "list[tuple[str, str]]" = []  # noqa: RUF012  (name, colour); replaced, not changed
    is_pinned = False

    class Meta:
        verbose_name = _("chat")
        verbose_name_plural = _("chats")
        constraints = [
            models.UniqueConstraint(fields=["contact", "phone_number_id"], name="one_chat_per_pair")
        ]
        indexes = [
            models.Index(fields=["-last_message_at", "-id"], name="chat_recent"),
            models.Index(fields=["window_closes_at"], name="chat_window"),
            models.Index(fields=["handler", "agent_spoke_at"], name="chat_handler"),
            models.Index(fields=["state", "snoozed_until", "assigned_to"], name="chat_work"),
            models.Index(fields=["snoozed_until"], name="chat_snoozed"),
        ]

    def __str__(self) -> str:
        return str(self.contact)

    @property
    def window_is_open(self) -> bool:
        return self.window_closes_at is not None and self.window_closes_at > timezone.now()

    @property
    def is_snoozed(self) -> bool:
        return self.snoozed_until is not None and self.snoozed_until > timezone.now()

    @property
    def closes_soon(self) -> bool:
        """What the filter "cierra pronto" shows."""
        return self.window_is_open and self.window_closes_at <= timezone.now() + CLOSING  # type: ignore[operator]

    @property
    def agent_in_charge(self) -> bool:
        return self.handler == self.Handler.AGENT


class Message(models.Model):
    """One WhatsApp message, received or sent.

    `payload` is Meta's object as received, or the words we send (`{"type": …, "text": …}`).
    `body` is what a person reads: text, caption, a tap's title, a transcript.
    """

    class Direction(models.TextChoices):
        IN = "in"
        OUT = "out"
        OWN = "own"  # among agents: a note (kind "note") or what was done here (kind "event")

    class Status(models.TextChoices):
        RECEIVED = "received"  # in: nobody has looked at it yet
        ANSWERED = "answered"  # in: the bot has decided, or had nothing to decide
        QUEUED = "queued"  # out, and so on
        SENDING = "sending"
        ACCEPTED = "accepted"
        SENT = "sent"
        DELIVERED = "delivered"
        READ = "read"
        PLAYED = "played"
        FAILED = "failed"
        KEPT = "kept"  # own: never sent

    class Author(models.TextChoices):
        CONTACT = "contact", _("Cliente")
        BOT = "bot", _("Bot")
        AGENT = "agent", _("Asesor")
        SYSTEM = "system", _("Sistema")
        PHONE_APP = "phone_app", _("Celular")

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    direction = models.CharField(max_length=3, choices=Direction.choices)
    kind = models.CharField(max_length=40)  # Meta's type: text, image, interactive, reaction …
    status = models.CharField(max_length=10, choices=Status.choices)
    author = models.CharField(max_length=10, choices=Author.choices)
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    wamid = ExactCharField(max_length=255, unique=True, null=True, blank=True)
    send_key = models.UUIDField(unique=True, null=True, default=None)  # out: our id at Meta
    body = models.TextField(blank=True)
    payload = models.JSONField(default=dict)
    option_id = models.CharField(max_length=256, blank=True)  # in: the option that was tapped
    context_wamid = ExactCharField(max_length=255, blank=True, db_index=True)  # quoted, reacted to
    rule_id = models.BigIntegerField(null=True)  # a number: chats outlive rules
    step = models.CharField(max_length=120, blank=True)
    rules_release = models.PositiveIntegerField(null=True)  # of the rules that answered
    media = models.ForeignKey(MediaFile, on_delete=models.SET_NULL, null=True, blank=True)
    at = models.DateTimeField()  # WhatsApp's time (seconds); for ours, when it was queued
    created_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    played_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    error_code = models.IntegerField(null=True)
    error_text = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    resent_at = models.DateTimeField(null=True)  # resent because Meta's answer never came

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("mensaje")
        verbose_name_plural = _("mensajes")
        indexes = [
            models.Index(fields=["conversation", "at", "id"], name="message_thread"),
            models.Index(fields=["status", "conversation"], name="message_work"),
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.kind} {self.pk}"

    @staticmethod
    def new_send_key() -> uuid.UUID:
        return uuid.uuid4()


class PendingStatus(models.Model):
    """A status whose message we do not know (yet): applied when the message's send commits."""

    wamid = ExactCharField(max_length=255, db_index=True)
    payload = models.JSONField()
    received_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return str(self.wamid)


class ContactChange(models.Model):
    """A contact's new number or user id, and what undoing it takes: see contact_changes.py."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField(default=timezone.now, db_index=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    chats = models.JSONField(default=list)  # what became of those of a contact that was merged
    merged = models.TextField(blank=True)  # rows that the merge took away, serialised
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )

    class Meta:
        verbose_name = _("cambio de número")
        verbose_name_plural = _("cambios de número")

    def __str__(self) -> str:
        return f"{self.contact} {self.at:%Y-%m-%d %H:%M}"


class ManualRetry(models.Model):
    """That a person had a failed message sent again, and what it had failed for."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="manual_retries")
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    at = models.DateTimeField(default=timezone.now)
    error_code = models.IntegerField(null=True)
    error_text = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.message_id} {self.at:%Y-%m-%d %H:%M}"


from conversations.number_models import AccountEvent, NumberState  # noqa: E402, F401
from conversations.quick_reply_models import QuickReply, QuickReplyMedia  # noqa: E402, F401
from conversations.template_models import MessageTemplate  # noqa: E402, F401
from conversations.work_models import (  # noqa: E402, F401  (found here by Django)
    AgentDesk,
    Draft,
    Label,
    Mention,
    Pin,
    RoleDesk,
    ScheduledMessage,
)

__all__ = [
    "AccountEvent",
    "AgentDesk",
    "Contact",
    "ContactChange",
    "Conversation",
    "Draft",
    "Label",
    "ManualRetry",
    "Mention",
    "Message",
    "MessageTemplate",
    "NumberState",
    "PendingStatus",
    "Pin",
    "QuickReply",
    "QuickReplyMedia",
    "RoleDesk",
    "ScheduledMessage",
]
