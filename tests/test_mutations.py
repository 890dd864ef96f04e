"""The changes that tests/mutations.py makes can be made."""

import pytest

from tests import mutations


@pytest.mark.parametrize("mutation", mutations.read_table(), ids=lambda m: m.what)
def test_every_change_has_one_place_in_the_code(mutation):
    source = (mutations.ROOT / mutation.file).read_text()
    assert source.count(mutation.old) == 1
    assert mutation.old != mutation.new
