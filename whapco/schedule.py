"""The table of periodic jobs."""

from chatbot import tasks
from tenants.scheduler import Job

JOBS = (
    Job("sweep", 10, tasks.sweep, at_start=True),
    Job("close_idle_sessions", 60, tasks.close_idle_sessions),
    Job("wake_bots", 60, tasks.wake_bots),
    Job("forget_parked_statuses", 86_400, tasks.forget_parked_statuses),
)
