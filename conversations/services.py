"""What people do in a chat. The only writers, with recording.py (Meta) and outbox.py (sends)."""

from datetime import timedelta
from typing import Any

from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations import numbers
from conversations.assigning import take_if_free
from conversations.models import Conversation, ManualRetry, Message
from conversations.own_rows import add_event
from conversations.tasks import deliver, send_read_receipt
from conversations.whatsapp import errors, outbound
from tenants.context import atomic, current_tenant, on_commit
from tenants.models import User
from whapco.lib import bus

_S = Message.Status
RETRIED_AT_ONCE = 200


class WindowClosed(Exception):
    """Outside the 24-hour window WhatsApp takes templates only."""


class CannotSendAgain(Exception):
    """Why, in a sentence for the agent."""


def reply_as_agent(
    conversation: Conversation,
    text: str,
    *,
    agent: User,
    quote: Message | None = None,
    key: str = "",
) -> Message:
    """Queue an agent's text and take the chat over from the bot. `key` is the form's UUID: the
    same form sent twice is one message. Raises WindowClosed."""
    words = outbound.text(text)
    return send_as_agent(conversation, words, body=text, agent=agent, quote=quote, key=key)


def send_as_agent(
    conversation: Conversation,
    words: outbound.Words,
    *,
    body: str,
    agent: User,
    quote: Message | None = None,
    key: str = "",
) -> Message:
    """`reply_as_agent` with words of any kind; `body` is what a person reads of them."""
    if not conversation.window_is_open:
        raise WindowClosed
    return queue_as_agent(conversation, words, body=body, agent=agent, quote=quote, key=key)


def queue_as_agent(
    conversation: Conversation,
    words: outbound.Words,
    *,
    body: str,
    agent: User,
    quote: Message | None = None,
    key: str = "",
) -> Message:
    """The same without looking at the window: templates leave at any time.

    The chat is locked first: the same form, sent twice at once, would else wait for the other's
    key with what the other needs to note that the chat was taken: a deadlock."""
    with atomic():
        Conversation.objects.select_for_update().filter(pk=conversation.pk).values("pk").first()
        message = queue(
            conversation,
            words,
            body=body,
            author=Message.Author.AGENT,
            agent=agent,
            quote=quote,
            key=key,
        )
        hand_over(conversation, agent=agent)
    return message


def react(
    conversation: Conversation, message: Message, emoji: str, *, agent: User, key: str
) -> Message:
    """Put an emoji on a message, or take ours away with an empty one: the bot's silence is not
    asked for. Raises WindowClosed."""
    if not conversation.window_is_open:
        raise WindowClosed
    return queue(
        conversation,
        outbound.reaction(message.wamid or "", emoji),
        body=emoji,
        author=Message.Author.AGENT,
        agent=agent,
        quote=message,
        key=key,
    )


def queue(
    conversation: Conversation,
    words: outbound.Words,
    *,
    body: str,
    author: str,
    agent: User | None = None,
    quote: Message | None = None,
    key: str = "",
) -> Message:
    """Add a message to the chat's queue. Whoever drains the chat sends it."""
    row = new_outgoing(conversation, words, body=body, author=author)
    row.agent, row.send_key = agent, key or row.send_key
    row.context_wamid = (quote.wamid or "") if quote else ""
    try:
        with atomic():
            row.save(force_insert=True)
    except IntegrityError:  # the same form, sent twice
        return conversation.messages.get(send_key=row.send_key)
    with atomic():
        Conversation.objects.filter(pk=conversation.pk).update(last_message_at=row.at)
        company, chat, last = current_tenant().key, conversation.pk, row.pk
        on_commit(lambda: bus.publish(company, {"chat": chat, "last": last}))
        on_commit(lambda: deliver.enqueue(company, chat))
    return row


def new_outgoing(
    conversation: Conversation, words: outbound.Words, *, body: str, author: str
) -> Message:
    """An unsaved queued message."""
    return Message(
        conversation=conversation,
        direction=Message.Direction.OUT,
        kind=str(words["type"]),
        status=_S.QUEUED,
        author=author,
        send_key=Message.new_send_key(),
        body=body,
        payload=words,
        at=timezone.now(),
    )


def send_again(conversation: Conversation, message: Message, *, agent: User, key: str) -> bool:
    """Queue once more, by hand, what was given up. `key` is the failed try's send key: a second
    click, or a colleague's, changes nothing. False where nothing was to be done. Raises
    CannotSendAgain.

    A new key: receipts of the try that failed do not settle this one."""
    if message.status != _S.FAILED or str(message.send_key) != key:
        return False
    _require_sense(conversation, message)
    fresh: dict[str, Any] = {"status": _S.QUEUED, "send_key": Message.new_send_key()}
    fresh |= {"wamid": None, "attempts": 0, "next_attempt_at": None, "resent_at": None}
    fresh |= {"failed_at": None, "error_code": None, "error_text": ""}
    reason = {"error_code": message.error_code, "error_text": message.error_text}
    failed = conversation.messages.filter(pk=message.pk, status=_S.FAILED, send_key=key)
    with atomic():
        if not failed.update(**fresh):
            return False
        ManualRetry.objects.create(message=message, agent=agent, **reason)
        chats = Conversation.objects.filter(pk=conversation.pk, attention="envio_fallido")
        chats.update(attention="")
        company, chat = current_tenant().key, conversation.pk
        on_commit(lambda: bus.publish(company, {"chat": chat, "last": 0}))
        on_commit(lambda: deliver.enqueue(company, chat))
    return True


def _require_sense(conversation: Conversation, message: Message) -> None:
    if not errors.may_pass_later(message.error_code):
        text = _("Lo mismo volvería a fallar. %(reason)s")
        raise CannotSendAgain(text % {"reason": message.error_text})
    if message.kind != "template" and not conversation.window_is_open:
        raise CannotSendAgain(
            _("Pasaron más de 24 horas: podrás reenviarlo cuando el cliente vuelva a escribir.")
        )


def hand_over(conversation: Conversation, *, agent: User | None) -> None:
    """The bot goes silent. The first agent to write gets the chat if nobody has it, and if the
    company wants that (ASSIGN_ON_REPLY)."""
    chats = Conversation.objects.filter(pk=conversation.pk)
    with atomic():
        had_bot = chats.filter(handler=Conversation.Handler.BOT).exists()
        conversation.handler = Conversation.Handler.AGENT
        conversation.agent_spoke_at = timezone.now()
        conversation.attention = ""
        conversation.save(update_fields=["handler", "agent_spoke_at", "attention"])
        if agent is None:
            return
        if had_bot:
            add_event(conversation, "bot_paused", agent=agent)
        if current_tenant().config.assign_on_reply:
            take_if_free(conversation, agent)


def give_to_bot(conversation: Conversation, *, agent: User | None = None) -> None:
    """The bot answers again."""
    conversation.handler = Conversation.Handler.BOT
    conversation.assigned_to = None
    conversation.attention = ""
    with atomic():
        conversation.save(update_fields=["handler", "assigned_to", "attention"])
        if agent is not None:
            add_event(conversation, "bot_resumed", agent=agent)


def finish(conversation: Conversation, *, agent: User | None = None) -> None:
    """The bot answers again, and until the contact writes there is nothing to do."""
    with atomic():
        give_to_bot(conversation)
        conversation.state, conversation.snoozed_until = Conversation.State.RESOLVED, None
        conversation.save(update_fields=["state", "snoozed_until"])
        if agent is not None:
            add_event(conversation, "finished", agent=agent)


def wake_after_agents(timeout_seconds: int) -> int:
    """Give chats back to the bot whose agent has been silent that long. Returns how many."""
    if not timeout_seconds:
        return 0
    limit = timezone.now() - timedelta(seconds=timeout_seconds)
    quiet = Conversation.objects.filter(
        handler=Conversation.Handler.AGENT, agent_spoke_at__lt=limit
    )
    found = list(quiet.values_list("pk", flat=True))  # reading locks no row, updating all it sees
    return quiet.filter(pk__in=found).update(handler=Conversation.Handler.BOT) if found else 0


def try_number_again(phone_number_id: str) -> None:
    """A person says that what Meta complained about is mended: what waited leaves now. If it is
    not, the next refusal pauses the number again."""
    numbers.resume(phone_number_id)
    waiting = _waiting(phone_number_id)
    chats = list(waiting.order_by().values_list("conversation_id", flat=True).distinct())
    Message.objects.filter(status=_S.QUEUED, conversation__in=chats).update(next_attempt_at=None)
    for chat in chats[:RETRIED_AT_ONCE]:  # the sweep takes the rest
        deliver.enqueue(current_tenant().key, chat)


def count_waiting(phone_number_id: str) -> int:
    """How many messages have yet to leave from the number."""
    return _waiting(phone_number_id).count()


def _waiting(phone_number_id: str) -> QuerySet[Message]:
    return Message.objects.filter(status=_S.QUEUED, conversation__phone_number_id=phone_number_id)


def mark_read(conversation: Conversation) -> None:
    """An agent has the chat open: no unread badge here, blue ticks at the contact's."""
    if not conversation.unread_count:
        return
    Conversation.objects.filter(pk=conversation.pk).update(unread_count=0)
    conversation.unread_count = 0
    send_read_receipt.enqueue(current_tenant().key, conversation.pk)
