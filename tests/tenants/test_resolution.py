"""Header, query, cookie and default: every combination comes to one company or to none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.resolution import Enter, Refuse, resolve

KNOWN = {"acme", "beta", "casa"}


@pytest.mark.parametrize(
    ("header", "query", "cookie", "default", "decision"),
    [
        ("", [], "", "", Enter("")),
        ("", [], "", "casa", Enter("casa")),
        ("", [], "acme", "casa", Enter("acme")),
        ("", ["beta"], "acme", "casa", Enter("beta", is_explicit=True)),
        ("beta", [], "acme", "casa", Enter("beta", is_explicit=True)),
        ("beta", ["beta"], "acme", "casa", Enter("beta", is_explicit=True)),
        ("acme", ["beta"], "", "casa", Refuse(403)),
        ("", ["acme", "beta"], "", "", Refuse(403)),
        ("acme", ["otra"], "", "", Refuse(403)),
        ("otra", [], "acme", "casa", Refuse(404, "otra")),
        ("", ["otra"], "acme", "casa", Refuse(404, "otra")),
        ("ACME", [], "", "", Refuse(404, "ACME")),
        (" acme ", [], "", "", Enter("acme", is_explicit=True)),
        ("", [""], "acme", "", Enter("acme")),
        ("", [], "otra", "casa", Enter("casa")),
        ("", [], "otra", "", Enter("")),
        ("", [], "", "otra", Refuse(404, "otra")),
    ],
)
def test_each_sign_has_its_place(
    header: str, query: list[str], cookie: str, default: str, decision: Enter | Refuse
) -> None:
    assert decide(header, query, cookie, default) == decision


keys = st.sampled_from(["", "acme", "beta", "casa", "otra"])


@given(header=keys, query=st.lists(keys, max_size=3), cookie=keys, default=keys)
def test_nobody_is_ever_led_to_a_company_that_no_sign_names(
    header: str, query: list[str], cookie: str, default: str
) -> None:
    decision = decide(header, query, cookie, default)
    named = {header, *query} - {""}
    if len(named) == 2 or len(named) > 2:
        assert decision == Refuse(403)
    elif named:
        assert decision.key in named
        assert isinstance(decision, Enter) == (named <= KNOWN)
    else:
        assert decision.key in {cookie, default, ""}
        assert isinstance(decision, Enter) or decision.key == default


def decide(header: str, query: list[str], cookie: str, default: str) -> Enter | Refuse:
    return resolve(
        header=header, query=query, cookie=cookie, default=default, is_known=KNOWN.__contains__
    )
