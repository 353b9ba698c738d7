"""Whether a request that changes something came from the shop's own pages."""

from __future__ import annotations

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
OWN_SITES = frozenset({"same-origin", "none"})
"""Sec-Fetch-Site of the shop's own pages, and of the shopper's own hand (address bar, bookmark)."""


def is_own(public_origin: str, origins: list[str], fetch_sites: list[str]) -> bool:
    """True for a request of the shop's own pages, or of something that is no browser.

    Browsers send Origin with every cross-origin write, and Sec-Fetch-Site where it is https or loopback; neither can
    be set by a page. Without both it is no browser, which has no cookies that another site could abuse.
    """
    return all(origin.lower() == public_origin for origin in origins) and all(
        site.lower() in OWN_SITES for site in fetch_sites
    )
