"""The lines of the map between boxes that have their places: from side to side, and past boxes only
through the gaps between them. Pure. Lengths are SVG units: pixels at zoom 1."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

BOX_WIDTH, BOX_HEIGHT = 176, 64
GUTTER, GAP = 138, 30  # between columns, between boxes of a column
MARGIN = 24

Link = tuple[str, str]
Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    name: str
    column: int
    x: float
    y: float

    @property
    def right(self) -> float:
        return self.x + BOX_WIDTH

    @property
    def middle(self) -> float:
        return self.y + BOX_HEIGHT / 2


@dataclass(frozen=True)
class Line:
    """From a side of one box to a side of another. `path` is that of an SVG; `goes_on`: to a later
    column, as most lines do."""

    source: str
    target: str
    start: Point
    end: Point
    path: str
    goes_on: bool


def lines_between(boxes: dict[str, Box], links: Sequence[Link]) -> tuple[Line, ...]:
    """A line for each link, in their order."""
    return tuple(_Router(boxes).lines(links))


class _Port(NamedTuple):
    """A place on a side of a box; -1: where all that comes back arrives."""

    box: str
    is_right: bool
    number: int


@dataclass
class _Router:
    """Draws lines. Those of one side of a box share its height; those that pass through a column
    share its gaps."""

    boxes: dict[str, Box]
    gaps: dict[int, list[float]] = field(default_factory=dict)  # by column, heights free of boxes
    used: dict[tuple[int, float], int] = field(default_factory=dict)

    def lines(self, links: Sequence[Link]) -> Iterable[Line]:
        self.gaps = _gaps(self.boxes.values())
        ports = _ports(self.boxes, links)
        for place, (source, target) in enumerate(links):
            yield self._line(self.boxes[source], self.boxes[target], *ports[place])

    def _line(self, source: Box, target: Box, start: Point, end: Point) -> Line:
        goes_on = target.column > source.column
        if source.column == target.column:
            path = _curve_beside(start, end)
        else:
            path = self._through(source, target, start, end)
        return Line(source.name, target.name, start, end, path, goes_on)

    def _through(self, source: Box, target: Box, start: Point, end: Point) -> str:
        by = 1 if target.column > source.column else -1
        path, here = f"M{_at(start)}", start
        for column in range(source.column + by, target.column, by):
            left = MARGIN + column * (BOX_WIDTH + GUTTER)
            enter, leave = (left, left + BOX_WIDTH) if by == 1 else (left + BOX_WIDTH, left)
            height = self._free_height(column, here[1], end)
            path += _curve_to(here, (enter, height)) + f"H{leave:g}"
            here = (leave, height)
        return path + _curve_to(here, end)

    def _free_height(self, column: int, near: float, end: Point) -> float:
        wanted = (near + end[1]) / 2
        gap = min(self.gaps.get(column, [wanted]), key=lambda height: abs(height - wanted))
        times = self.used[column, gap] = self.used.get((column, gap), 0) + 1
        lanes = (0, -5, 5, -10, 10)
        return gap + lanes[(times - 1) % len(lanes)]


def _gaps(boxes: Iterable[Box]) -> dict[int, list[float]]:
    tops: dict[int, list[float]] = {}
    for box in boxes:
        tops.setdefault(box.column, []).append(box.y)
    gaps = {}
    for column, ys in tops.items():
        ys.sort()
        gaps[column] = [ys[0] - GAP / 2, ys[-1] + BOX_HEIGHT + GAP / 2]
        for above, below in zip(ys, ys[1:], strict=False):
            gaps[column] += [above + BOX_HEIGHT + GAP / 2, below - GAP / 2]
    return gaps


def _ports(boxes: dict[str, Box], links: Sequence[Link]) -> list[tuple[Point, Point]]:
    """Where each link leaves and arrives: those of a side in the order of their other ends. What
    comes back to a box from later columns arrives at one place: to a menu, half the flow does."""
    sides: dict[tuple[str, bool], dict[_Port, float]] = {}
    used: list[tuple[_Port, _Port]] = []
    for place, (source, target) in enumerate(links):
        one, other = boxes[source], boxes[target]
        leaves = _Port(source, other.column >= one.column, place)
        returns = other.column < one.column
        arrives = _Port(target, other.column <= one.column, -1 if returns else place + len(links))
        sides.setdefault((source, leaves.is_right), {})[leaves] = other.middle
        sides.setdefault((target, arrives.is_right), {})[arrives] = one.middle
        used.append((leaves, arrives))
    points: dict[_Port, Point] = {}
    for (name, is_right), ports in sides.items():
        box = boxes[name]
        for index, port in enumerate(sorted(ports, key=lambda port: (ports[port], port)), 1):
            y = box.y + BOX_HEIGHT * index / (len(ports) + 1)
            points[port] = (box.right if is_right else box.x, round(y, 1))
    return [(points[leaves], points[arrives]) for leaves, arrives in used]


def _curve_to(start: Point, end: Point) -> str:
    bend = (end[0] - start[0]) / 2
    return f"C{_at((start[0] + bend, start[1]))} {_at((end[0] - bend, end[1]))} {_at(end)}"


def _curve_beside(start: Point, end: Point) -> str:
    """Between boxes of one column: out to the right and back."""
    out = min(28 + abs(end[1] - start[1]) / 8, GUTTER * 0.6)
    return (
        f"M{_at(start)}C{_at((start[0] + out, start[1]))} {_at((end[0] + out, end[1]))} {_at(end)}"
    )


def _at(point: Point) -> str:
    return f"{point[0]:g} {point[1]:g}"
