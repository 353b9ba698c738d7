"""The storefront offers the countries that users and shop accept, each from a list of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from myclothes_gateway.pages import wording

SERVICES = Path(__file__).parents[2] / "services"


@pytest.mark.parametrize(("service", "schema"), [("users", "AddressFields"), ("shop", "Address")])
def test_whatever_the_storefront_offers_is_accepted(service, schema):
    document = json.loads((SERVICES / service / "openapi.json").read_text())
    accepted = document["components"]["schemas"][schema]["properties"]["country"]["enum"]
    assert {code for code, _ in wording.countries()} == set(accepted)
