"""Plays Meta on this machine: a Graph API as strict as Meta's and a phone in the browser.

Talks to the product over HTTP only; it imports no app and keeps everything in memory, so it
belongs to one process and forgets on restart.
"""
