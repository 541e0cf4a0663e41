"""Background work of the bot. Each is a hint: the rows are the queue."""

from django_tasks import task

from chatbot import services
from conversations import inbox, statuses
from conversations.models import Conversation, Message
from conversations.services import wake_after_agents
from tenants import registry
from tenants.context import current_tenant, tenant_context
from tenants.schema import is_behind

_S = Message.Status
_UNFINISHED = (_S.RECEIVED, _S.QUEUED, _S.SENDING)


@task()
def digest(tenant_key: str, conversation_id: int) -> None:
    """Answer and send what waits in the chat; come back when something must wait."""
    tenant = registry.by_key(tenant_key)
    if tenant is None or is_behind(tenant):  # the sweep comes back to it once it is migrated
        return
    with tenant_context(tenant):
        due = services.drain(conversation_id)
    if due is not None:
        digest.using(run_after=due).enqueue(tenant_key, conversation_id)


def sweep() -> bool:
    """Pick up what a crash, a restart or a lost hint left behind in the active company. Whether
    anything there is unfinished, be its time yet to come."""
    hint(inbox.chats_with_work())
    return Message.objects.filter(status__in=_UNFINISHED).exists()


def close_idle_sessions() -> bool:
    """Whether a session may fall idle."""
    hint(services.idle_chats())
    return services.has_sessions_to_close()


def wake_bots() -> bool:
    """Whether an agent may fall silent."""
    seconds = current_tenant().config.agent_timeout_seconds
    wake_after_agents(seconds)
    agents = Conversation.objects.filter(handler=Conversation.Handler.AGENT)
    return bool(seconds) and agents.exists()


def forget_parked_statuses() -> None:
    statuses.forget_parked()


def hint(conversation_ids: list[int]) -> None:
    for conversation_id in conversation_ids:
        digest.enqueue(current_tenant().key, conversation_id)
