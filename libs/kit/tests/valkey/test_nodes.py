"""What a store's URL may say."""

from __future__ import annotations

import pytest

from myclothes_kit.valkey.nodes import Address, Target, parse


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("valkey://store:7000", Target(Address("store", 7000))),
        ("valkey://store", Target(Address("store", 6379))),
        ("valkeys://[::1]:7000", Target(Address("::1", 7000), tls=True)),
        (
            "sentinel://a:1,b,[::1]:3/carts",
            Target(sentinels=(Address("a", 1), Address("b", 26379), Address("::1", 3)), master_name="carts"),
        ),
        ("sentinels://a/carts", Target(sentinels=(Address("a", 26379),), master_name="carts", tls=True)),
    ],
)
def test_what_it_names(url, target):
    assert parse(url) == target


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("redis://store", "starts with"),
        ("valkey://", "missing its host"),
        ("valkey://user:secret@store", "settings of their own"),
        ("valkey://store/0", "no path"),
        ("sentinel://a,b", "ends in /NAME"),
        ("sentinel://a,,b/carts", "missing its host"),
        ("valkey://store:port", "Port could not be cast"),
    ],
)
def test_what_is_refused(url, complaint):
    with pytest.raises(ValueError, match=complaint):
        parse(url)
