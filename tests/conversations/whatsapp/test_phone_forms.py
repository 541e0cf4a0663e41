"""Spellings of one number: they agree on who it is, and on nobody else."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conversations.whatsapp.phone_forms import canonical, forms_of

DIGITS = st.text("0123456789", min_size=1, max_size=20)
NATIONAL = st.builds(
    str.__add__, st.sampled_from(["52", "521", "54", "549", "54911", "55", "5511"]), DIGITS
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("525512345678", "5215512345678"),
        ("5491123456789", "541123456789"),
        ("5491123456789", "54111523456789"),
        ("5493511234567", "54351151234567"),  # Córdoba: an area of three digits
        ("5492901123456", "54290115123456"),  # Ushuaia: of four
        ("5511987654321", "551187654321"),
        ("5551998765432", "555198765432"),
    ],
)
def test_spellings_of_one_number_are_one(one: str, other: str) -> None:
    assert one != other
    assert canonical(one) == canonical(other)
    assert {one, other} <= set(forms_of(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("551132345678", "5511932345678"),  # a landline, and a mobile phone
        ("521234567890", "5211234567890"),  # no Mexican number begins with 1
        ("573001112233", "5730011122331"),
        ("5491123456789", "5491123456780"),
    ],
)
def test_other_numbers_stay_apart(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize("odd", ["", "5", "52", "55abc", "٥٥", "54", "12025550123"])
def test_what_has_no_variants_stays_as_it_is(odd: str) -> None:
    assert forms_of(odd) == (odd,)


@given(NATIONAL | DIGITS)
@example("54111515151515")
@example("5411151515151")
@example("54235151515151")
def test_all_forms_agree_on_all_forms(wa_id: str) -> None:
    forms = forms_of(wa_id)
    assert canonical(wa_id) == forms[0]
    assert all(forms_of(form) == forms for form in forms)
    assert len(set(forms)) == len(forms)
    assert {form[:2] for form in forms} == {wa_id[:2]}


@given(st.from_regex(r"54(11|[23][0-9]{2}|[23][0-9]{3})15[0-9]{6,8}", fullmatch=True))
def test_a_15_is_found_after_an_area_of_any_length(dialled: str) -> None:
    if len(dialled) == 14:
        assert len(canonical(dialled)) == 13
        assert dialled in forms_of(dialled)
