"""The XML inside a workbook, read as it streams by: hostile files cost little and grow nothing.

No document type is accepted, so no entity can grow; a part of too many elements, or one element
without an end, is refused.
"""

import zipfile
from collections.abc import Iterator
from typing import Protocol
from xml.parsers import expat

from whapco.lib.workbook_checks import SheetError, not_excel, too_big

MAX_TAGS = 24_000_000  # of one part: a million rows of some formatted cells
_CHUNK = 256 * 1024
_MAX_TOKEN = 2 * 1024 * 1024  # bytes: expat reads an unfinished tag again with each chunk


class DamagedPart(Exception):
    """A part that is missing, or is not what it should be."""


class Handler(Protocol):
    """Names come without the prefix that the first element has; texts in pieces."""

    def start(self, name: str, attributes: dict[str, str]) -> None: ...

    def end(self, name: str) -> None: ...

    def text(self, piece: str) -> None: ...


def feed(archive: zipfile.ZipFile, name: str, handler: Handler) -> Iterator[None]:
    """Give the part called `name` to `handler`, stopping after each piece of it.

    Raises DamagedPart and SheetError; zipfile's and expat's own errors on damage.
    """
    try:
        entry = archive.getinfo(name)
    except KeyError as error:
        raise DamagedPart(name) from error
    parser = _parser(handler)
    fed = tags = 0
    with archive.open(entry) as stream:
        while chunk := stream.read(_CHUNK):
            fed, tags = fed + len(chunk), tags + chunk.count(b"<")
            if tags > MAX_TAGS:
                raise SheetError(too_big())
            parser.Parse(chunk, False)
            if fed - parser.CurrentByteIndex > _MAX_TOKEN:
                raise DamagedPart(name)
            yield
    parser.Parse(b"", True)
    yield


def read_whole(archive: zipfile.ZipFile, name: str, handler: Handler) -> None:
    for _piece in feed(archive, name, handler):
        pass


def attribute(attributes: dict[str, str], name: str) -> str:
    """Of an attribute that has a namespace, whatever its prefix: `r:id`."""
    for key, value in attributes.items():
        if key.rpartition(":")[2] == name:
            return value
    return ""


class Tags:
    """Gathers the elements of a small part, in order, without their texts."""

    def __init__(self) -> None:
        self.found: list[tuple[str, dict[str, str]]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.found.append((name, attributes))

    def end(self, name: str) -> None:
        pass

    def text(self, piece: str) -> None:
        pass


def read_tags(archive: zipfile.ZipFile, name: str) -> list[tuple[str, dict[str, str]]]:
    tags = Tags()
    read_whole(archive, name, tags)
    return tags.found


def _parser(handler: Handler) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start_first(name: str, attributes: dict[str, str]) -> None:
        """Most programs write no prefix, so most elements need not be looked at for one."""
        parser.StartElementHandler, parser.EndElementHandler = handler.start, handler.end
        if ":" in name:
            parser.StartElementHandler, parser.EndElementHandler = start, end
        handler.start(_local(name), attributes)

    def start(name: str, attributes: dict[str, str]) -> None:
        handler.start(_local(name), attributes)

    def end(name: str) -> None:
        handler.end(_local(name))

    parser.StartElementHandler = start_first
    parser.CharacterDataHandler = handler.text
    parser.StartDoctypeDeclHandler = _refuse
    return parser


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _refuse(*_declared: object) -> None:
    raise SheetError(not_excel())
