"""The table of periodic jobs."""

from chatbot import phrases, tasks, undelivered
from conversations import (
    account_events,
    dealing,
    fetching,
    number_watch,
    scheduled,
    search_index,
    snoozing,
    transcripts,
)
from media_pipeline import services as media
from tenants.logins import forget_old_logins
from tenants.scheduler import Job

JOBS = (
    Job("sweep", 10, tasks.sweep, at_start=True, rests_seconds=300),
    Job("fetch_files", 10, fetching.fetch_due, rests_seconds=300),
    Job("transcribe", 10, transcripts.transcribe_due, rests_seconds=300),
    Job("discard_unsent_files", 3_600, media.discard_unsent),
    Job("close_idle_sessions", 60, tasks.close_idle_sessions, rests_seconds=600),
    Job("send_scheduled", 15, scheduled.send_due, rests_seconds=60),
    Job("wake_snoozed", 10, snoozing.wake_due, rests_seconds=60),
    Job("deal_out", 5, dealing.deal_out, rests_seconds=60),
    Job("wake_bots", 60, tasks.wake_bots, rests_seconds=600),
    Job("keep_search_up", 10, search_index.keep_up, rests_seconds=600),
    Job("mend_search", 86_400, search_index.mend),
    Job("check_numbers", 300, number_watch.check_numbers, rests_seconds=3_600),
    Job("forget_account_events", 86_400, account_events.forget_old),
    Job("forget_parked_statuses", 86_400, tasks.forget_parked_statuses),
    Job("forget_rare_phrases", 86_400, phrases.forget_rare),
    Job("forget_undelivered", 86_400, undelivered.forget_old),
    Job("forget_old_logins", 3_600, forget_old_logins),
)
