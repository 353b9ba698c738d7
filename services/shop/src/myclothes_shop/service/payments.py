"""How orders are paid: on delivery, behind an interface that a payment provider can take over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from myclothes_shop.domain.checkout import Payment

if TYPE_CHECKING:
    from myclothes_shop.domain.money import Money


class Payments(Protocol):
    """Decides what an order's payment is. Called inside the order's transaction, so it calls nobody itself: a provider
    is told afterwards by a row of the outbox, like the cart.
    """

    def begin(self, total: Money) -> Payment:
        """The payment of a new order."""

    def cancel(self, payment: Payment) -> Payment:
        """What becomes of it when the order is cancelled."""


class OnDelivery:
    """The shopper pays the carrier."""

    def begin(self, total: Money) -> Payment:  # noqa: ARG002 - the protocol's: on delivery, any total is fine
        """Due when the parcel arrives."""
        return Payment("on_delivery", "due")

    def cancel(self, payment: Payment) -> Payment:
        """Nothing was paid, so nothing is paid back."""
        return Payment(payment.method, "cancelled")
