"""Cells that people merged down a column: what stands in them belongs to each of their rows."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from whapco.lib.sheet_cells import Line, Merge


def fill_merged(lines: Sequence[Line], merges: Iterable[Merge]) -> int:
    """Repeat each merged text in the rows it spans and that are in `lines`, ordered by number.

    Cells merged along a row are left alone: they are headings. Returns how many rows got a text.
    """
    numbers = [line.number for line in lines]
    filled: set[int] = set()
    reached: dict[int, int] = {}  # the last row filled of each place: merges never overlap
    for merge in sorted(merges, key=lambda merge: (merge.place, merge.first)):
        if merge.first <= reached.get(merge.place, 0):
            continue
        reached[merge.place] = merge.last
        begin = bisect_left(numbers, merge.first)
        if begin == len(lines) or numbers[begin] != merge.first:
            continue
        text = lines[begin].text(merge.place)
        for line in lines[begin + 1 : bisect_left(numbers, merge.last + 1)]:
            if text and not line.text(merge.place):
                line.put(merge.place, text)
                filled.add(line.number)
    return len(filled)
