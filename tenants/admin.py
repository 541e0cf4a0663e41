"""The admin pages of this app: these modules register themselves."""

from tenants import job_admin, tenant_admin, user_admin  # noqa: F401  (registers)
