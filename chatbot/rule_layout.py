"""Where the boxes and lines of the map go. Pure: names and links in, coordinates out.

Columns are how many answers away from the start a step is, so that nearly every line runs from a
column to the next; what else there is passes between boxes, never behind one. Steps are ordered
within a column by the mean place of their neighbours (Sugiyama's barycentre), then moved towards
them as far as the order allows. Lengths are SVG units: pixels at zoom 1.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from chatbot.rule_lines import (
    BOX_HEIGHT,
    BOX_WIDTH,
    GAP,
    GUTTER,
    MARGIN,
    Box,
    Line,
    Link,
    lines_between,
)

__all__ = ["BOX_HEIGHT", "BOX_WIDTH", "Box", "Layout", "Line", "lay_out"]

BAND_GAP = 72  # above the band of steps that stand apart, with room for its title
COLUMN_LIMIT = 14  # boxes; longer columns are split
SWEEPS = 4


@dataclass(frozen=True)
class Layout:
    """`band_y` is the top of the steps that stand apart; None: no step does."""

    boxes: dict[str, Box]
    lines: tuple[Line, ...]
    width: float
    height: float
    band_y: float | None = None


def lay_out(
    names: Sequence[str], links: Iterable[Link], root: str, apart: Collection[str] = ()
) -> Layout:
    """Place the steps `names`. `root` begins the first column, `apart` go below in a band."""
    known = set(names)
    ends = [link for link in dict.fromkeys(links) if known.issuperset(link)]
    boxes = _place([name for name in names if name not in apart], ends, root, MARGIN)
    band_y = None
    if apart:
        lowest = max((box.y + BOX_HEIGHT for box in boxes.values()), default=0.0)
        band_y = lowest + BAND_GAP if boxes else MARGIN + BAND_GAP / 2
        boxes |= _place([name for name in names if name in apart], ends, "", band_y)
    width = max((box.right for box in boxes.values()), default=0.0) + GUTTER / 2
    height = max((box.y + BOX_HEIGHT for box in boxes.values()), default=0.0) + GAP + MARGIN
    return Layout(boxes, lines_between(boxes, ends), width, height, band_y)


# Columns and their order -------------------------------------------------------------------------


def _place(names: Sequence[str], links: Sequence[Link], root: str, top: float) -> dict[str, Box]:
    inside = set(names)
    web = _Web([link for link in links if inside.issuperset(link) and link[0] != link[1]])
    columns = [part for column in _columns(names, web, root) for part in _split(column)]
    tops = _heights(columns, web)
    highest = min((tops[name] for name in names), default=0.0)
    return {
        name: Box(
            name, place, MARGIN + place * (BOX_WIDTH + GUTTER), round(top + tops[name] - highest, 1)
        )
        for place, column in enumerate(columns)
        for name in column
    }


class _Web:
    """Who leads to whom."""

    def __init__(self, links: Iterable[Link]) -> None:
        self.onward: dict[str, list[str]] = {}
        self.back: dict[str, list[str]] = {}
        for source, target in links:
            self.onward.setdefault(source, []).append(target)
            self.back.setdefault(target, []).append(source)


def _columns(names: Sequence[str], web: _Web, root: str) -> list[list[str]]:
    """Names by distance from the root, those that only lead to it before it, each ordered."""
    far: dict[str, int] = {}
    if root in names:
        _spread(root, web.onward, far, 1)
        _spread(root, web.back, far, -1)
    heads = [name for name in names if name not in web.back]
    for name in (*heads, *names):
        if name not in far:
            far[name] = 0
            _spread(name, web.onward, far, 1)
    columns: dict[int, list[str]] = {}
    for name in far:
        columns.setdefault(far[name], []).append(name)
    return _ordered([columns[distance] for distance in sorted(columns)], web)


def _spread(start: str, onward: dict[str, list[str]], far: dict[str, int], by: int) -> None:
    far.setdefault(start, 0)
    found = [start]
    for name in found:
        for target in onward.get(name, ()):
            if target not in far:
                far[target] = far[name] + by
                found.append(target)


def _ordered(columns: list[list[str]], web: _Web) -> list[list[str]]:
    place = {name: index / len(column) for column in columns for index, name in enumerate(column)}

    def mean(name: str, near: dict[str, list[str]]) -> float:
        places = [place[other] for other in near.get(name, ())]
        return sum(places) / len(places) if places else place[name]

    for sweep in range(SWEEPS):
        near, order = (web.back, columns) if sweep % 2 == 0 else (web.onward, columns[::-1])
        for column in order:
            column.sort(key=lambda name: mean(name, near))
            place |= {name: index / len(column) for index, name in enumerate(column)}
    return columns


def _split(column: list[str]) -> list[list[str]]:
    parts = -(-len(column) // COLUMN_LIMIT)
    size = -(-len(column) // parts)
    return [column[start : start + size] for start in range(0, len(column), size)]


# Heights -----------------------------------------------------------------------------------------


def _heights(columns: list[list[str]], web: _Web) -> dict[str, float]:
    """The top of each box, near the mean of its neighbours' and clear of the one above."""
    step = BOX_HEIGHT + GAP
    tops = {
        name: (index - len(column) / 2) * step
        for column in columns
        for index, name in enumerate(column)
    }
    for near, order in (
        (web.back, columns),
        (web.onward, columns[::-1]),
        (web.back, columns),
    ):
        for column in order:
            wanted = [
                _mean([tops[other] for other in near.get(name, ())], tops[name]) for name in column
            ]
            tops |= dict(zip(column, _spaced(wanted, step), strict=True))
    return tops


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _spaced(wanted: list[float], step: float) -> list[float]:
    """The tops nearest to `wanted` (least squares) of which each is `step` below the one before:
    isotonic regression by pooling neighbours that would overlap."""
    pools: list[tuple[float, int]] = []  # mean of (wanted - place), how many
    for place, top in enumerate(wanted):
        mean, count = top - place * step, 1
        while pools and pools[-1][0] > mean:
            before, many = pools.pop()
            mean = (before * many + mean * count) / (many + count)
            count += many
        pools.append((mean, count))
    flat = [mean for mean, count in pools for _each in range(count)]
    return [mean + place * step for place, mean in enumerate(flat)]
