"""The map of the flow: its edges against the engine that walks them, and its drawing."""

from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.engine import EngineSettings, Event, SessionState, decide
from chatbot.options import choices
from chatbot.replies import usable_options
from chatbot.rule_graph import Edge, Graph, Kind, ever_fires, graph_of, lands_at
from chatbot.rule_layout import BOX_HEIGHT, BOX_WIDTH, Box, Layout, lay_out
from chatbot.rulebook import Rulebook, RuleData
from tests.chatbot.phone import NOON, book, rule

SETTINGS = EngineSettings(initial_step="m")
STEPS = st.sampled_from(["m", "a", "b", "c", "d"])
OPTION = st.fixed_dictionaries(
    {"id": st.sampled_from(["1", "2", "a", "d", "z"]), "title": st.sampled_from(["1", "x", "Uno"])},
    optional={"step": STEPS},
)
RULES = st.builds(
    RuleData,
    id=st.just(0),
    step=STEPS,
    trigger=st.sampled_from(["*", "*", "1", "2", "x"]),
    reply=st.just("R"),
    kind=st.sampled_from(["texto", "boton"]),
    next_step=st.lists(STEPS, max_size=2).map(",".join),
    options=st.lists(OPTION, max_size=2),
    hands_over=st.sampled_from([False, False, False, True]),
)
FLOWS = st.lists(RULES, min_size=2, max_size=10).map(lambda rules: book(*rules))
MENU = [{"id": "uno", "title": "Uno", "step": "uno"}, {"id": "dos", "title": "El dos"}]


def graph(*rules: Any, initial: str = "menu_principal") -> Graph:
    return graph_of(book(*rules), initial)


def ends(found: Graph) -> set[tuple[str, str, str]]:
    return {(edge.source, edge.target, str(edge.kind)) for edge in found.edges}


# What leads where ------------------------------------------------------------------------------
def test_what_is_written_and_what_happens_by_itself_lead_on() -> None:
    found = graph(
        "menu_principal|iniciar|Hola|menu", "menu|precio, valor|P|precios", "precios|*|$|fin"
    )
    assert found.edges == (
        Edge("menu_principal", "menu", (Kind.AUTO,)),
        Edge("menu", "precios", (Kind.ANSWER,), ("precio",)),
        Edge("precios", "fin", (Kind.AUTO,)),
    )
    assert [step.name for step in found.steps.values() if step.is_missing] == ["fin"]


def test_options_lead_where_the_engine_takes_the_tap() -> None:
    found = graph(
        rule("m|*|Elige||boton", options=MENU),
        "uno|*|1",
        "m|dos|Dos|pasillo",
        "pasillo|*|P",
        initial="m",
    )
    assert Edge("m", "uno", (Kind.OPTION,), ("Uno",)) in found.edges
    assert Edge("m", "pasillo", (Kind.OPTION, Kind.ANSWER), ("El dos",)) in found.edges


def test_an_option_to_a_step_that_does_not_exist_is_dead() -> None:
    found = graph(rule("m|*|Elige||boton", options=MENU), initial="m")
    assert found.edges == (Edge("m", "uno", (Kind.OPTION,), ("Uno",), is_dead=True),)
    assert not found.steps["uno"].is_reached


def test_an_option_is_looked_up_where_its_message_leaves_the_contact() -> None:
    found = graph(
        rule("m|*|Elige|sala|boton", options=MENU), "sala|el dos|Dos|fin", "fin|*|F", initial="m"
    )
    assert Edge("m", "fin", (Kind.OPTION,), ("El dos",)) in found.edges


def test_a_title_that_is_a_command_starts_again() -> None:
    back = [{"id": "x", "title": "Volver al inicio"}]
    found = graph("m|iniciar|Hola|a", rule("a|*|¿Algo más?||boton", options=back), initial="m")
    assert Edge("a", "m", (Kind.OPTION,), ("Volver al inicio",)) in found.edges


def test_a_list_of_steps_ends_at_the_first_that_waits() -> None:
    found = graph("m|iniciar|M|a,b,c", "a|*|A", "b|si|B", "c|*|C", initial="m")
    assert ends(found) == {("m", "a", "auto"), ("m", "b", "auto")}
    assert not found.steps["c"].is_reached


def test_forms_and_agents_move_as_the_engine_does() -> None:
    form = rule("m|*|Llena|fin|flow", options={"flow_id": "1", "flow_cta": "Abrir"})
    assert ends(graph(form, "fin|*|F", initial="m")) == {("m", "fin", "form")}
    given_away = rule("m|asesor|Ya|a,b", hands_over=True)
    assert ends(graph(given_away, "a|*|A", "b|*|B", initial="m")) == {("m", "b", "answer")}


def test_a_part_holds_the_nearest_steps() -> None:
    chain = graph("m|1|x|a", "a|1|x|b", "b|1|x|c", "c|1|x|d", "d|1|x|m", initial="m")
    assert list(chain.around("b", depth=1, limit=9).steps) == ["a", "b", "c"]
    assert len(chain.around("b", depth=9, limit=2).steps) == 2
    assert chain.around("nowhere", depth=2, limit=9).steps == {}


def _by_itself(found: Graph, reached: set[str]) -> set[str]:
    """Those steps and what follows without a word of the contact."""
    alone = [edge for edge in found.edges if Kind.AUTO in edge.kinds]
    while more := {edge.target for edge in alone if edge.source in reached} - reached:
        reached = reached | more
    return reached


def _after(rules: Rulebook, step: str, event: Event) -> str:
    return decide(rules, SessionState(step, contact_spoke_at=NOON), event, SETTINGS).session.step


@settings(max_examples=150, deadline=None)
@given(FLOWS)
def test_the_engine_goes_nowhere_that_the_map_does_not_show(rules: Rulebook) -> None:
    found = graph_of(rules, "m")
    alive = [edge for edge in found.edges if not edge.is_dead]
    for step in rules.steps:
        drawn = {edge.target for edge in alive if edge.source == step}
        for text in ("1", "2", "x"):
            after = _after(rules, step, Event("text", text, NOON))
            assert after in _by_itself(found, {step} | drawn)
    for carrier in (one for one in rules.rules.values() if ever_fires(rules, one)):
        stands = lands_at(rules, carrier)
        drawn = {
            edge.target
            for edge in alive
            if edge.source == carrier.step and Kind.OPTION in edge.kinds
        }
        for choice in choices(usable_options(carrier)):
            tap = Event("tap", choice.title, NOON, "", choice.id, carrier.id)
            assert _after(rules, stands, tap) in _by_itself(found, {stands} | drawn)


# Its drawing ------------------------------------------------------------------------------------
NAMES = [f"p{number}" for number in range(30)]
LINKS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=80)


def overlap(one: Box, other: Box) -> bool:
    return abs(one.x - other.x) < BOX_WIDTH and abs(one.y - other.y) < BOX_HEIGHT - 0.2


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 30), LINKS, st.sets(st.sampled_from(NAMES), max_size=8))
def test_every_step_has_a_place_of_its_own(
    count: int, links: list[tuple[str, str]], apart: set[str]
) -> None:
    names = NAMES[:count]
    drawn = lay_out(names, links, "p0", apart & set(names))
    assert sorted(drawn.boxes) == sorted(names)
    assert not [pair for pair in combinations(drawn.boxes.values(), 2) if overlap(*pair)]
    assert all(box.x >= 0 and box.right <= drawn.width for box in drawn.boxes.values())
    assert all(0 <= box.y <= drawn.height - BOX_HEIGHT for box in drawn.boxes.values())
    if drawn.band_y is not None:
        below = {box.name for box in drawn.boxes.values() if box.y >= drawn.band_y}
        assert below == apart & set(names)


@settings(max_examples=100, deadline=None)
@given(LINKS)
def test_every_line_runs_between_sides_of_its_boxes(links: list[tuple[str, str]]) -> None:
    drawn = lay_out(NAMES, links, "p0")
    assert {(line.source, line.target) for line in drawn.lines} == set(links)
    for line in drawn.lines:
        for box, (x, y) in (
            (drawn.boxes[line.source], line.start),
            (drawn.boxes[line.target], line.end),
        ):
            assert x in (box.x, box.right)
            assert box.y < y < box.y + BOX_HEIGHT
        assert line.start != line.end
        assert line.path.startswith(f"M{line.start[0]:g} {line.start[1]:g}")
        assert line.path.endswith(f"{line.end[0]:g} {line.end[1]:g}")


def test_columns_count_the_answers_from_the_start() -> None:
    links = [("p0", "p1"), ("p1", "p2"), ("p0", "p2"), ("p2", "p0"), ("p9", "p0")]
    drawn: Layout = lay_out(["p0", "p1", "p2", "p9"], links, "p0")
    columns = [drawn.boxes[name].column for name in ("p9", "p0", "p1", "p2")]
    assert columns == [0, 1, 2, 2]


def test_a_large_flow_is_no_tower() -> None:
    names = [f"s{number}" for number in range(150)]
    links = [(names[place // 40], name) for place, name in enumerate(names[1:], start=1)]
    drawn = lay_out(names, links, "s0")
    assert drawn.height < 2000
    assert len({(box.x, box.y) for box in drawn.boxes.values()}) == 150
