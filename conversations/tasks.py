"""Background work of the inbox."""

from django_tasks import task

from conversations import inbox
from conversations.line import client
from conversations.models import Conversation, Message
from conversations.whatsapp.errors import GraphError
from tenants import registry
from tenants.context import tenant_context


@task()
def deliver(tenant_key: str, conversation_id: int) -> None:
    """Send what people have queued in the chat."""
    tenant = registry.by_key(tenant_key)
    if tenant is None:
        return
    with tenant_context(tenant):
        due = inbox.drain(conversation_id)
    if due is not None:
        deliver.using(run_after=due).enqueue(tenant_key, conversation_id)


@task()
def send_read_receipt(tenant_key: str, conversation_id: int) -> None:
    """Blue ticks at the contact's, up to their last message. Failing is harmless."""
    tenant = registry.by_key(tenant_key)
    if tenant is None:
        return
    with tenant_context(tenant):
        received = Message.objects.filter(
            conversation=conversation_id, direction=Message.Direction.IN
        )
        last = received.exclude(wamid=None).order_by("-at", "-pk").first()
        if last is None:
            return
        number = Conversation.objects.get(pk=conversation_id).phone_number_id
        try:
            client().mark_read(number, str(last.wamid))
        except GraphError:
            return
