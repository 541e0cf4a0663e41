"""What the pages around the rules need to draw: a message as WhatsApp would show it."""

from django import template

from chatbot.engine import Send
from conversations.bubbles import Parts, parts_of
from conversations.markup import whatsapp_html

register = template.Library()
register.filter("whatsapp", whatsapp_html)


@register.filter
def bubble_parts(send: Send) -> Parts:
    """What the bubble of a message that the bot would send is made of."""
    return parts_of(send.kind, send.body, send.words)
