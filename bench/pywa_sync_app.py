"""The same peer with pywa's blocking client: its handlers run in FastAPI's threads."""

import os

import httpx
from fastapi import FastAPI
from pywa import WhatsApp, types

MENU = {"1": "Uno", "2": "Dos"}

app = FastAPI()
whatsapp = WhatsApp(
    phone_id=os.environ["BENCH_NUMBER"],
    token="T",
    server=app,
    verify_token="v",
    app_secret=os.environ["BENCH_SECRET"],
    webhook_endpoint="/webhook",
    session=httpx.Client(timeout=60, limits=httpx.Limits(max_connections=100)),
)
whatsapp.api._session.base_url = os.environ["BENCH_GRAPH"]  # pywa has no setting for it


@whatsapp.on_message
def answer(client: WhatsApp, message: types.Message) -> None:
    message.reply_text(MENU.get((message.text or "").split()[0], "Menu"))
