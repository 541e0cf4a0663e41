"""The receptionist: answers chats by the rules, closes idle sessions, takes chats back."""

from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from chatbot import engine, phrases, rulebooks, voice
from chatbot.decisions import UNPAID, Decided, store
from chatbot.engine_types import EngineSettings, SessionState
from chatbot.events import event_of
from chatbot.global_commands import handle_global_command
from chatbot.handlers import run_handler
from chatbot.models import BotSession
from chatbot.moves import LEFT_BEHIND, follow
from conversations import inbox
from conversations.inbox import Work
from conversations.models import Conversation, Message
from conversations.services import finish, give_to_bot, queue
from conversations.tasks import deliver
from conversations.whatsapp import outbound
from tenants.context import atomic, current_tenant
from tenants.models import User
from tenants.statements import load
from tenants.together import together


def drain(conversation_id: int) -> datetime | None:
    """Answer and send what waits in a chat. Returns when to come back, if something must wait."""
    return inbox.drain(conversation_id, answer, also=sessions)


def sessions(conversation_ids: list[int]) -> dict[int, BotSession]:
    """By chat, of those that have one."""
    found = load(BotSession, "conversation_id IN %s", conversation_ids)
    return {session.pk: session for session in found}


def answer(work: Work) -> None:
    """Decide on each unanswered message of the leased chat, in order, and store it all at once."""
    now = timezone.now()
    session: BotSession | None = work.also
    decided = Decided(work, now, _state(session), had_session=session is not None)
    unpaid = current_tenant().is_unpaid
    waits = _wait_for_notes(work, now, unpaid)
    if work.received:
        for message in work.received:
            if unpaid:
                decided.leave_to_people(UNPAID)
                continue
            if _agent_answers(work.conversation, now):
                decided.hear()
                continue
            if work.conversation.agent_in_charge:  # nobody wrote for too long
                decided.set_handler(Conversation.Handler.BOT)
            _decide(decided, message)
    elif waits or not _close_if_idle(decided):
        return
    together(store, decided)


def _wait_for_notes(work: Work, now: datetime, unpaid: bool) -> bool:
    """Whether something is left unanswered until a voice note is transcribed."""
    if unpaid or not any(voice.is_voice(message) for message in work.received):
        return False
    if _agent_answers(work.conversation, now):
        voice.ask_for_notes(work.received)
        return False
    voice.wait_for_notes(work, now)
    return bool(work.put_off)


def engine_settings() -> EngineSettings:
    config = current_tenant().config
    return EngineSettings(
        initial_step=config.initial_step,
        fallback_text=config.fallback_text,
        session_timeout_seconds=config.session_timeout_seconds,
        session_timeout_message=config.session_timeout_message,
    )


def idle_chats() -> list[int]:
    """Chats whose session has been silent for too long while the bot is in charge."""
    seconds = current_tenant().config.session_timeout_seconds
    if not seconds:
        return []
    limit = timezone.now() - timedelta(seconds=seconds)
    idle = _open_sessions().filter(contact_spoke_at__lt=limit)
    bot = idle.filter(conversation__handler=Conversation.Handler.BOT)
    return list(bot.order_by("contact_spoke_at").values_list("pk", flat=True)[:1000])


def has_sessions_to_close() -> bool:
    """Whether some session will fall idle if its contact stays silent."""
    if not current_tenant().config.session_timeout_seconds:
        return False
    bot = Conversation.Handler.BOT
    return _open_sessions().filter(conversation__handler=bot).exists()


def _open_sessions() -> QuerySet[BotSession]:
    """`IN (true)`, since SQLite uses no index for the bare column that `=True` becomes."""
    return BotSession.objects.filter(is_open__in=(True,))


def close_idle_sessions() -> int:
    """Close them here and now, texts included. Returns how many were closed."""
    idle = idle_chats()
    for conversation_id in idle:
        drain(conversation_id)
    return len(idle) - BotSession.objects.filter(pk__in=idle, is_open=True).count()


def resume_bot(conversation: Conversation, step: str = "", agent: User | None = None) -> None:
    """ "Devolver al bot": at a chosen step, or where the contact was."""
    with inbox.hold(conversation.pk, sessions) as work:
        give_to_bot(work.conversation, agent=agent)
        conversation.refresh_from_db()
        if step:
            _enter_step(work, step)
    deliver.enqueue(current_tenant().key, conversation.pk)


def _enter_step(work: Work, step: str) -> None:
    now = timezone.now()
    session: BotSession | None = work.also
    rulebook = rulebooks.current()
    decision = engine.enter_step(rulebook, step, engine_settings(), now)
    decided = Decided(
        work, now, _state(session), had_session=session is not None, release=rulebook.version
    )
    decided.apply(decision.actions, decision.session)
    together(store, decided)


def finish_chat(conversation: Conversation, agent: User | None = None) -> None:
    """ "Finalizar chat": resolved, session closed, bot back, CLOSING_MESSAGE while the window is
    open."""
    with atomic():
        finish(conversation, agent=agent)
        BotSession.objects.filter(pk=conversation.pk).update(is_open=False)
        text = current_tenant().config.closing_message
        if text and conversation.window_is_open:
            words = outbound.text(text)
            queue(conversation, words, body=text, author=Message.Author.SYSTEM, agent=agent)


def _agent_answers(conversation: Conversation, now: datetime) -> bool:
    if not conversation.agent_in_charge:
        return False
    seconds = current_tenant().config.agent_timeout_seconds
    spoke_at = conversation.agent_spoke_at
    return not seconds or spoke_at is None or spoke_at + timedelta(seconds=seconds) > now


def _decide(decided: Decided, message: Message) -> None:
    address = decided.work.conversation.contact.address
    rulebook, settings = rulebooks.current(), engine_settings()
    decided.release = rulebook.version
    decided.state, to_people = follow(decided.state, rulebook.moves, settings.initial_step)
    if to_people:
        decided.hear()
        decided.act((engine.HandOver(), engine.Flag(LEFT_BEHIND)))
        return
    if voice.is_voice(message) and not _hear(decided, message):
        return
    event = event_of(message, decided.now)
    if engine.wants_command(rulebook, decided.state, event, settings):
        event = replace(event, command=handle_global_command(address, event.text))
    wanted = engine.wanted_handlers(rulebook, decided.state, event, settings)
    if wanted:
        texts = {name: run_handler(name, address, message.body) for name in wanted}
        event = engine.with_handler_texts(event, texts)
    decision = engine.decide(rulebook, decided.state, event, settings)
    decided.apply(decision.actions, decision.session)
    decided.unmatched += filter(None, [phrases.unmatched(event, decision)])


def _hear(decided: Decided, message: Message) -> bool:
    """Whether the rules answer the voice note: as text, or as `@audio` with the chat flagged.
    They do not when it was apologised for; the session stays where it was."""
    heard = voice.hear(message)
    if heard.apology:
        decided.act(engine.system_text(heard.apology))
        return False
    if not heard.text:
        decided.act((engine.Flag(voice.NOT_HEARD),))
    return True


def _close_if_idle(decided: Decided) -> bool:
    """Close a session that has been silent for too long; never outside the window."""
    chat, state = decided.work.conversation, decided.state
    seconds = current_tenant().config.session_timeout_seconds
    if not state or not state.is_open or not seconds or chat.agent_in_charge:
        return False
    silent_since = state.contact_spoke_at
    if silent_since is None or silent_since + timedelta(seconds=seconds) > decided.now:
        return False
    text = current_tenant().config.session_timeout_message
    says_so = text and chat.window_is_open and not current_tenant().is_unpaid
    decided.apply(engine.system_text(text) if says_so else (), engine.closed(state))
    return True


def _state(session: BotSession | None) -> SessionState | None:
    if session is None:
        return None
    return SessionState(
        step=session.step,
        is_open=session.is_open,
        fallback_sent=session.fallback_sent,
        contact_spoke_at=session.contact_spoke_at,
    )
