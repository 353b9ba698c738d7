"""What shop and cart promise each other: whatever may be ordered can be taken out of the cart."""

from __future__ import annotations

import json
from pathlib import Path

SERVICES = Path(__file__).parents[2] / "services"


def schemas(service):
    return json.loads((SERVICES / service / "openapi.json").read_text())["components"]["schemas"]


def test_whatever_may_be_ordered_may_be_taken():
    """Else an order that was placed would never settle, and its owner could order nothing else for days."""
    shop, cart = schemas("shop"), schemas("cart")
    ordered, taken = shop["OrderRequest"]["properties"]["lines"], cart["Taken"]["properties"]["lines"]
    assert ordered["maxItems"] <= taken["maxItems"]
    ordered, taken = shop["WantedLine"]["properties"], cart["NewLine"]["properties"]
    assert ordered["sku"]["pattern"] == taken["sku"]["pattern"]
    assert ordered["quantity"]["maximum"] <= taken["quantity"]["maximum"]
