"""What the parts are told agrees with the rest of the rig."""

import json
import re
from pathlib import Path

import pytest

from myclothes_rig import nodes, shop_images, tools
from myclothes_rig.cli import ZONE_ACTIONS, parser
from myclothes_rig.faults import Container, Zone
from myclothes_rig.images import BASE, reference
from myclothes_rig.layout import ZONES, Layout, data_file

IMAGES_README = shop_images.repository_root() / "images" / "README.md"
SYSTEM = data_file("system.yaml").read_text()


def test_zones_have_addresses_of_their_own() -> None:
    assert {zone.address for zone in ZONES.values()} == {"198.18.0.1", "198.18.0.2", "198.18.0.3"}


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RIG_CACHE", str(tmp_path))
    assert Layout.from_environment().cache == tmp_path
    monkeypatch.delenv("RIG_CACHE")
    assert Layout.from_environment().cache == Path.home() / ".cache/myclothes-rig"


def test_every_command_of_a_zone_is_one_of_the_api() -> None:
    assert all(callable(getattr(Zone, action.replace("-", "_"))) for action in ZONE_ACTIONS)
    assert all(callable(getattr(Container, action)) for action in ("kill", "freeze", "thaw"))


def test_commands_are_understood() -> None:
    words = parser().parse_args(["container", "kill", "shop", "valkey-0", "valkey"])
    assert (words.action, words.namespace, words.pod, words.container) == ("kill", "shop", "valkey-0", "valkey")
    with pytest.raises(SystemExit):
        parser().parse_args(["zone", "kill", "d"])


def test_each_system_image_is_one_that_is_made() -> None:
    made = {BASE, *(reference(name) for name in tools.IN_IMAGES)}
    assert set(re.findall(r'image: "?([^\s"]+)', SYSTEM)) == made
    assert reference("pause") in data_file("containerd.toml").read_text()


def test_each_image_of_the_shop_is_described() -> None:
    described = re.findall(r"^\| `myclothes/(\w+)`", IMAGES_README.read_text(), re.MULTILINE)
    assert sorted(described) == sorted((*shop_images.names(), *shop_images.TOOLS))


def test_kubernetes_libraries_are_those_of_its_version() -> None:
    version = tools.module_version(tools.KUBERNETES)
    go_mod = (data_file("tools") / "go.mod").read_text()
    replaced = re.findall(r"^\s*k8s\.io/\S+ => k8s\.io/\S+ (v\S+)", go_mod, re.MULTILINE)
    assert len(replaced) > 20
    assert set(replaced) == {version.replace("v1.", "v0.")}
    assert f"gitVersion={version}" in tools.link_flags()


def test_node_settings_are_json_and_name_their_zone(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    for zone in ZONES.values():
        assert json.loads(json.dumps(nodes.kubelet(layout, zone)))["address"] == zone.address
        assert nodes.kube_proxy(layout, zone)["hostnameOverride"] == zone.node
        assert nodes.cilium(layout, zone)["ipv4-node"] == zone.address


def test_each_image_of_the_shop_has_its_dockerfile() -> None:
    root = shop_images.repository_root()
    assert {file.parent.name for file in (root / "images").glob("*/Dockerfile")} == {"service", *shop_images.STORES}
    assert all((root / "services" / name).is_dir() for name in shop_images.SERVICES)
