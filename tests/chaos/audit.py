"""What was posted, what Meta got and what the database says: do the three agree?"""

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field

from tests.crash.line import Line, repeated

INBOUND = """
    SELECT k.wa_id, m.body FROM conversations_message m
    JOIN conversations_conversation c ON c.id = m.conversation_id
    JOIN conversations_contact k ON k.id = c.contact_id
    WHERE m.direction = 'in' AND m.status = 'answered' ORDER BY m.id
"""
OUTBOUND = """
    SELECT k.wa_id, m.body, m.status, m.resent_at, m.send_key FROM conversations_message m
    JOIN conversations_conversation c ON c.id = m.conversation_id
    JOIN conversations_contact k ON k.id = c.contact_id
    WHERE m.direction = 'out' ORDER BY m.id
"""


@dataclass
class Report:
    """`lost`, `doubled`, `swapped` and `unsettled` say which; all must be empty. `ambiguous`:
    what reached a contact twice because Meta's answer never came, its row marked so."""

    messages: int = 0
    resent: int = 0
    ambiguous: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    swapped: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = {k: v if isinstance(v, int) else len(v) for k, v in asdict(self).items()}
        return " ".join(f"{name}={count}" for name, count in counts.items())


def audit(line: Line, posted: dict[str, list[str]]) -> Report:
    """`posted`: the texts of each contact that were acknowledged, in that order."""
    found = Report(messages=sum(map(len, posted.values())))
    stored: defaultdict[str, list[str]] = defaultdict(list)
    for contact, body in line.server.rows(INBOUND):
        stored[contact].append(body)
    heard = line.heard()
    for contact, said in posted.items():
        _audit_contact(found, contact, said, stored[contact], heard.get(contact, []))
    _audit_sends(found, line)
    return found


def _audit_contact(
    found: Report, contact: str, said: list[str], stored: list[str], heard: list[str]
) -> None:
    replies = [f"r{text[1:]}" for text in said]
    missing = [*(set(said) - set(stored)), *(set(replies) - set(heard))]
    found.lost += [f"{contact} {text}" for text in missing]
    for texts in (stored, heard):
        twice = [text for text, count in Counter(texts).items() if count > 1]
        found.doubled += [f"{contact} {text}" for text in twice]
    for texts, wanted in ((stored, said), (heard, replies)):
        if [text for text in texts if text in wanted] != [t for t in wanted if t in texts]:
            found.swapped.append(f"{contact} {texts} instead of {wanted}")


def _audit_sends(found: Report, line: Line) -> None:
    rows = {
        str(key).replace("-", ""): (f"{contact} {body} {status}", status, resent_at)
        for contact, body, status, resent_at, key in line.server.rows(OUTBOUND)
    }
    accepted = {_key(body) for body in line.accepted()}
    found.resent = sum(resent_at is not None for _, _, resent_at in rows.values())
    for key, times in repeated(line.accepted()).items():
        name, _, resent_at = rows[key]
        if resent_at is None or times > 2:
            found.doubled.append(f"{name} {times} times")
        else:
            found.ambiguous += 1
    found.lost += [name for key, (name, _, _) in rows.items() if key not in accepted]
    found.unsettled += [name for name, status, _ in rows.values() if status != "delivered"]
    answers = Counter(name.rpartition(" ")[0] for name, _, _ in rows.values())
    found.doubled += [name for name, count in answers.items() if count > 1]


def _key(body: dict[str, str]) -> str:
    return body["biz_opaque_callback_data"].replace("-", "")
