"""The client of other services: bounded time-outs, bounded repeats, connections that do not outlive endpoints."""

from myclothes_kit.http_client.answers import Answer, AnswerInvalid
from myclothes_kit.http_client.client import Upstream, UpstreamUnavailable, open_upstream
from myclothes_kit.http_client.policy import Policy

__all__ = ["Answer", "AnswerInvalid", "Policy", "Upstream", "UpstreamUnavailable", "open_upstream"]
