"""What the services are told is what they understand."""

import importlib

import pytest

from myclothes_devshop.data import DataFolder
from myclothes_devshop.plan import Plan
from myclothes_kit.settings import load


class Stores:
    kind = "ha"
    ack_replicas = 1
    valkey_url = "sentinel://127.0.0.1:1,127.0.0.1:2,127.0.0.1:3/carts"
    cache_url = "valkey://127.0.0.1:4"
    database_hosts = "127.0.0.1:5,127.0.0.1:6"


@pytest.fixture
def plan(tmp_path):
    with DataFolder(tmp_path) as data:
        yield Plan(8090, Stores(), data)


@pytest.mark.parametrize("name", Plan.names)
def test_a_service_accepts_its_settings(plan, name, monkeypatch):
    for variable, value in plan.environment(name).items():
        monkeypatch.setenv(variable, value)
    settings = load(getattr(importlib.import_module(f"myclothes_{name}.settings"), f"{name.capitalize()}Settings"))
    assert settings.port == plan.ports[name]


def test_the_services_find_each_other(plan):
    gateway = plan.environment("gateway")
    assert gateway["GATEWAY_PUBLIC_ORIGIN"] == plan.origin == "http://127.0.0.1:8090"
    for other in ("cart", "users", "shop"):
        assert gateway[f"GATEWAY_{other.upper()}_URL"] == f"http://127.0.0.1:{plan.ports[other]}"
    assert plan.environment("shop")["SHOP_CART_URL"] == gateway["GATEWAY_CART_URL"]
    assert len(set(plan.ports.values())) == len(plan.names)
