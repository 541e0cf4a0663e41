import pytest

from tests.meta import FakeMeta


@pytest.fixture
def strict(meta: FakeMeta) -> FakeMeta:
    """A Meta that gives no benefit of the doubt about what it does not remember."""
    meta.reset(strict=True)
    return meta
