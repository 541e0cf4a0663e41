"""Asks every address, by every method, as every person, in every way, and writes down what came."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from whapco.isolation.addresses import Address, Target, addresses
from whapco.isolation.asking import Answer, Asker
from whapco.isolation.forms import Fields, forms_of
from whapco.isolation.marks import Mark
from whapco.isolation.people import SHORT_WAYS, WAYS, Person, Way, World, knock
from whapco.isolation.posts import POSTS
from whapco.isolation.verdicts import Finding, Request, is_refusal, judge, judge_changes
from whapco.isolation.watch import Watch

USUAL = ("GET", "POST")
SAFE = ("GET", "HEAD", "OPTIONS")
EVERY_METHOD = (*SAFE, "POST", "PUT", "PATCH", "DELETE")
_PROBE = "PROPFIND"  # a view that says which methods it has refuses this one and names them
INSTEAD = "intruso"


@dataclass
class Row:
    """What was seen at one address. `asked`, `refused` and `served` (with data of A) by person's
    name; `known` are the marks that B's own administrator finds there."""

    address: Address
    methods: tuple[str, ...] = ()
    asked: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    served: Counter[str] = field(default_factory=Counter)
    known: set[Mark] = field(default_factory=set)

    def count(self, request: Request, answer: Answer, *, is_served: bool) -> None:
        name = request.person.name
        self.asked[name] += 1
        self.refused[name] += is_refusal(answer)
        self.served[name] += is_served


@dataclass
class Walk:
    """`rows` and `findings` fill up while it runs."""

    world: World
    rows: list[Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    asker: Asker = field(default_factory=Asker)
    _fields: dict[str, Fields] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.watch = Watch(self.world.other.tenant)

    def run(self) -> None:
        """Everything that only reads first: what the rest changes in A must not hide a leak."""
        self.rows = [Row(address) for address in addresses(self.world)]
        for row in self.rows:
            self._learn(row)
        self.watch.changed()
        for is_safe in (True, False):
            for row in self.rows:
                for person in self.world.strangers:
                    self._try(row, person, is_safe=is_safe)

    def _learn(self, row: Row) -> None:
        """Open the address as those who may: what it shows of B, which forms it holds, which
        methods it has."""
        owner, boss = self.world.owner, self.world.superadmin
        for target in row.address.targets:
            answer = self._open(owner, target)
            row.known |= self.world.other.marks.found_in(answer.content)
            if row.address.is_panel:
                self._open(boss, target)
        probed = self._ask(_PROBE, owner, WAYS[0], row.address.targets[-1])
        allowed = tuple(method for method in EVERY_METHOD if method in probed.allowed)
        row.methods = allowed if probed.status == 405 else EVERY_METHOD

    def _open(self, person: Person, target: Target) -> Answer:
        answer = self._ask("GET", person, WAYS[0], target)
        page = target.path.partition("?")[0]
        for form in forms_of(page, answer.content.decode(errors="replace")):
            self._fields.setdefault(form.path, form.fields)
        return answer

    def _try(self, row: Row, person: Person, *, is_safe: bool) -> None:
        for method in row.methods:
            if (method in SAFE) is is_safe:
                asked = [
                    Request(method, row.address, target, person, way)
                    for way, target in _chosen(row.address, person, method)
                    if not _is_her_work(row.address, person, way, is_safe)
                ]
                for request in asked:
                    self.settle(row, request, self._answer(request))
                self._blame(asked)

    def settle(self, row: Row, request: Request, answer: Answer) -> None:
        """Judge what the answer shows, and write it down."""
        marks = self.world.other.marks
        told = marks.found_in(request.target.path.encode())  # an answer may repeat the question
        row.count(request, answer, is_served=bool(self.world.own.marks.found_in(answer.content)))
        self._note(judge(request, answer, marks.found_in(answer.content) - told))

    def settle_changes(self, request: Request, answer: Answer) -> None:
        """Judge what the request changed."""
        self._note(judge_changes(request, answer, self.watch.changed()))

    def _blame(self, asked: Sequence[Request]) -> None:
        """To compare B's database after each of thousands of requests would take as long as the
        requests: it is compared after each few, and these are asked again to see which it was."""
        touched = self.watch.changed()
        if not touched or judge_changes(asked[0], Answer.none(), touched) is None:
            return
        before = len(self.findings)
        for request in asked:
            self.settle_changes(request, self._answer(request))
        if len(self.findings) == before:  # it happens once only
            self._note(judge_changes(asked[0], Answer.none(), touched))

    def _note(self, finding: Finding | None) -> None:
        if finding is not None:
            self.findings.append(finding)

    def _answer(self, request: Request) -> Answer:
        address = request.address
        answer = self._ask(request.method, request.person, request.way, request.target, address)
        if request.method not in SAFE and request.way.is_own:
            request.person.stay_in()
        return answer

    def _ask(
        self, method: str, person: Person, way: Way, target: Target, address: Address | None = None
    ) -> Answer:
        fields = self._body(address, target) if address and method == "POST" else None
        return self.asker.ask(method, target.path, knock(self.world, person, way), fields)

    def _body(self, address: Address, target: Target) -> Fields:
        """What the form for that address says, with nothing of B in it that A could not know."""
        paths = (each.path.partition("?")[0] for each in (target, *address.targets))
        found = next((self._fields[path] for path in paths if path in self._fields), {})
        for ending, fields in POSTS.items():
            if address.name.endswith(ending):
                found = {**found, **fields(self.world)}
        marks = self.world.other.marks
        return {
            name: [marks.without(value, INSTEAD) for value in values]
            for name, values in found.items()
            if name != "csrfmiddlewaretoken"
        }


def _chosen(address: Address, person: Person, method: str) -> Iterator[tuple[Way, Target]]:
    """Unusual methods in the two plainest ways only, at what B alone has."""
    ways: Sequence[Way] = WAYS if method in USUAL else SHORT_WAYS
    targets = address.targets if method in USUAL else address.targets[-1:]
    for way in ways:
        if person.user is not None or not way.needs_session:
            yield from ((way, target) for target in targets)


def _is_her_work(address: Address, person: Person, way: Way, is_safe: bool) -> bool:
    """Superadmins change companies in the panel: that is no hole, and would end the walk."""
    return person.is_superadmin and way.is_own and address.is_panel and not is_safe
