"""What chatbot shows in the admin: each registers from a module of its own."""

from chatbot import (  # noqa: F401
    quick_reply_admin,
    role_admin,
    rule_admin,
    undelivered_admin,
)
