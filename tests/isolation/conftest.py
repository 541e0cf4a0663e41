from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from whapco.isolation.marks import Marks
from whapco.isolation.people import World
from whapco.isolation.planting import Company, plant


@pytest.fixture
def world(companies: SimpleNamespace, settings: Any, tmp_path: Path) -> World:
    """acme asks, beta is asked for; both full of marks."""
    settings.UPLOADS_DIR = tmp_path
    settings.DATA_DIR = tmp_path
    own = Company(companies.acme, Marks(), ["111", "1112"])
    other = Company(companies.beta, Marks(), ["222", "2222"])
    plant(own, rounds=1)
    plant(other, rounds=2)
    return World(own, other, companies.control)
