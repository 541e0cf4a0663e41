"""`{% renewal_notice as text %}`: that the company's paid time is about to end, for its admins."""

from typing import Any

from django import template

from tenants import subscription
from tenants.context import current_tenant, has_tenant
from tenants.models import User

register = template.Library()


@register.simple_tag(takes_context=True)
def renewal_notice(context: dict[str, Any]) -> str:
    user = context.get("user")
    if not has_tenant() or not isinstance(user, User):
        return ""
    return subscription.renewal_notice(current_tenant(), user)
