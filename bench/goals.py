"""What whapco is meant to reach, each beside what was measured. Nothing is asserted: times depend
on the machine and on what else it does."""

from collections.abc import Callable, Iterable

from results import Results, receipts_costs

ENGINES = ("whapco-mariadb", "whapco-sqlite")
AT_0, AT_150 = "100 contacts, 0 ms", "100 contacts, 150 ms"
Measured = dict[str, Results]
Verdict = tuple[bool, str] | None  # None: not measured


def verdicts(measured: Measured) -> Iterable[str]:
    for goal, judge in GOALS.items():
        found = [(engine, judge(measured, engine)) for engine in ENGINES]
        said = [f"{engine} {_words(verdict)}" for engine, verdict in found if verdict]
        yield f"{goal}: {'; '.join(said) or 'not measured'}"


def _words(verdict: tuple[bool, str]) -> str:
    reached, figures = verdict
    return f"{figures} ({'reached' if reached else 'NOT REACHED'})"


def _rate(measured: Measured, row: str, name: str) -> float:
    trips = measured[row].median(name) if row in measured else None
    return trips.per_second if trips else 0.0


def _times(row: str, peer: str, wanted: float) -> Callable[[Measured, str], Verdict]:
    def judge(measured: Measured, engine: str) -> Verdict:
        mine, others = _rate(measured, row, engine), _rate(measured, row, peer)
        if not mine or not others:
            return None
        return mine / others >= wanted, f"{mine:.0f} : {others:.0f} trips/s = {mine / others:.2f} x"

    return judge


def _ahead_of_pywa(measured: Measured, engine: str) -> Verdict:
    mine = _rate(measured, AT_150, engine)
    peers = [_rate(measured, AT_150, peer) for peer in ("pywa", "pywa-sync")]
    if not mine or not all(peers):
        return None
    return mine > max(peers), f"{mine:.0f} : {peers[0]:.0f} and {peers[1]:.0f} trips/s"


def _receipts_in_cpu(measured: Measured, engine: str) -> Verdict:
    costs = receipts_costs(measured[AT_0], engine) if AT_0 in measured else None
    if costs is None:
        return None
    message, receipts, _, _ = costs
    return receipts < message, f"{receipts:.2f} : {message:.2f} ms"


def _receipts_in_trips(measured: Measured, engine: str) -> Verdict:
    """Time per message alone, and what its receipts add to it."""
    costs = receipts_costs(measured[AT_0], engine) if AT_0 in measured else None
    if costs is None:
        return None
    _, _, alone, both = costs
    message, added = 1000 / alone, 1000 / both - 1000 / alone
    return (
        added < message,
        f"{both:.0f} trips/s, {alone:.0f} without: {added:.2f} : {message:.2f} ms",
    )


def _quick_ack(measured: Measured, engine: str) -> Verdict:
    trips = measured[AT_0].median(engine) if AT_0 in measured else None
    return (trips.ack_p95 < 20, f"{trips.ack_p95:.1f} ms") if trips else None


def _many_companies(measured: Measured, engine: str) -> Verdict:
    one = _rate(measured, "1000 contacts, 0 ms", engine)
    many = _rate(measured, "1000 companies", engine)
    if not one or not many:
        return None
    return many >= 0.9 * one, f"{many:.0f} : {one:.0f} trips/s = {many / one:.2f} x"


def _memory(measured: Measured, engine: str) -> Verdict:
    row = measured.get("100,000 messages")
    trips = row.median(engine) if row else None
    if trips is None:
        return None
    grown = trips.memory_mb - trips.memory_before
    return grown < 10, f"{trips.memory_before:.0f} -> {trips.memory_mb:.0f} MB"


GOALS: dict[str, Callable[[Measured, str], Verdict]] = {
    "at least 1.1 x pywa-sync at 0 ms": _times(AT_0, "pywa-sync", 1.1),
    "at least 1/3 of the floor at 0 ms": _times(AT_0, "floor-mariadb", 1 / 3),
    "ahead of both pywa at 150 ms": _ahead_of_pywa,
    "three receipts cost less CPU than their message": _receipts_in_cpu,
    "three receipts take less time than their message": _receipts_in_trips,
    "ack p95 under 20 ms with 100 contacts, 0 ms, in a flood": _quick_ack,
    "1,000 companies within 10 % of one": _many_companies,
    "memory grows less than 10 MB over 100,000 messages": _memory,
}
