"""Backups: one dumper per engine, a manifest beside each dump, and the way back.

`make` writes dumps, `restoring` brings one back by way of a copy, `verifying` proves that they can
be. Nothing here reads `../static/uploads` but `uploads`.
"""
