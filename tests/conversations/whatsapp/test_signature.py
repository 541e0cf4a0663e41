"""Only bytes signed with one of our secrets pass."""

import json
from pathlib import Path

import pytest

from conversations.whatsapp.signature import is_valid, sign, to_wire

DATA = Path(__file__).parents[2] / "data" / "whatsapp"
VECTORS = json.loads((DATA / "signature_vectors.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_recorded_signatures_pass_or_fail_as_recorded(vector):
    header, body = vector["x_hub_signature_256"], vector["body"].encode()
    assert is_valid(body, header, [vector["secret"]]) is vector["valid"]


def test_either_secret_of_a_rotation_passes():
    assert is_valid(b"{}", sign(b"{}", "old"), ["new", "old"])


@pytest.mark.parametrize("header", [None, "", "sha256=", "\udce9", "sha256=" + "0" * 64])
def test_no_signature_at_all_fails_quietly(header):
    assert not is_valid(b"{}", header, ["secreto"])


def test_a_company_without_secret_accepts_nothing():
    assert not is_valid(b"{}", sign(b"{}", ""), ["", ""])
    assert not is_valid(b"{}", sign(b"{}", "x"), [])


def test_wire_form_is_the_one_of_the_recorded_body():
    vector = next(v for v in VECTORS if v["name"] == "meta_style_escaped")
    assert to_wire(json.loads(vector["body"])) == vector["body"].encode()
