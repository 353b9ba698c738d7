"""Failures of the cart service."""

from __future__ import annotations

from myclothes_kit.problems import Conflict, TooManyRequests, Unprocessable


class CartLineLimit(Unprocessable):
    code, title = "cart_line_limit", "The cart holds as many different items as it may"


class CartQuantityLimit(Unprocessable):
    code, title = "cart_quantity_limit", "The cart would hold more of this item than it may"


class OperationReused(Unprocessable):
    code, title = "idempotency_key_reused", "This operation id was used for something else"


class TooManyChanges(TooManyRequests):
    """The cart's memory of operation ids is full: forgetting one early could do a repeated write twice."""

    code, title = "too_many_changes", "The cart was changed too often lately"
    retry_after_default = 60.0


class ForwardChain(Conflict):
    code, title = "cart_forwards_too_often", "The cart was merged on too many times"
