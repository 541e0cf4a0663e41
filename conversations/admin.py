"""What conversations show in the admin: each registers from a module of its own. Quick replies do
from chatbot.quick_reply_admin: their options and their preview are those of rules."""

from conversations import contact_change_admin, desk_admin, number_admin  # noqa: F401
