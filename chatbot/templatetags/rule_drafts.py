"""The line on top of the rules' pages: how much is not published yet."""

from django import template

from chatbot.pending import pending_size

register = template.Library()
register.simple_tag(pending_size)
