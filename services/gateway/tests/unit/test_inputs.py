"""What shoppers send, read strictly."""

from __future__ import annotations

import msgspec
import pytest

from myclothes_gateway import inputs

PARIS = {
    "name": "Ann",
    "line1": "1 rue de Rivoli",
    "city": "Paris",
    "country": "FR",
    "phone": "1",
    "postal_code": "75001",
}
LINE = {"sku": "MC-1", "quantity": 1}


@pytest.mark.parametrize(
    ("shape", "values", "name"),
    [*((inputs.AddressInput, PARIS, name) for name in PARIS), (inputs.LineInput, LINE, "sku")],
)
def test_a_line_of_text_ends_without_a_line_break(shape, values, name):
    msgspec.convert(values, shape)
    with pytest.raises(msgspec.ValidationError, match=name):
        msgspec.convert({**values, name: values[name] + "\n"}, shape)
