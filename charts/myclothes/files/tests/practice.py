"""helm test: one zone is taken out for a minute while shoppers shop, and nothing that they were promised is lost."""

from __future__ import annotations

import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

NAMESPACE, NAME, ZONE = os.environ["NAMESPACE"], os.environ["NAME"], os.environ["ZONE"]
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
PRACTICES = f"/apis/myclothes.com/v1alpha1/namespaces/{NAMESPACE}/zoneshiftpractices"
SHIFT_FOR = "60s"
CALL_SECONDS = 10
POLL_SECONDS = 2
GONE_SECONDS = 60
# shoppers begin, the zone is out, it is put back, the verdict
END_SECONDS = 540
NOT_FOUND = 404


def call(method: str, path: str, body: object = None) -> dict | None:
    """A request to the Kubernetes API; None when there is no such thing."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    request = urllib.request.Request(
        f"https://{f'[{host}]' if ':' in host else host}:{port}{path}",
        None if body is None else json.dumps(body).encode(),
        {"Authorization": f"Bearer {(ACCOUNT / 'token').read_text()}", "Content-Type": "application/json"},
        method=method,
    )
    trusted = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    # an authority whose certificate names no key usage is none to the newest Python
    trusted.verify_flags &= ~ssl.VERIFY_X509_STRICT
    try:
        with urllib.request.urlopen(request, timeout=CALL_SECONDS, context=trusted) as answer:  # noqa: S310 - https
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == NOT_FOUND:
            return None
        sys.exit(f"{method} {path} answers {error.code}: {error.read()[:500].decode(errors='replace')}")


def practised() -> dict:
    """The status of the practice when it is done; exits when that takes too long."""
    told = ""
    deadline = time.monotonic() + END_SECONDS
    while time.monotonic() < deadline:
        status = (call("GET", f"{PRACTICES}/{NAME}") or {}).get("status", {})
        now = f"{status.get('phase')}: {status.get('message')}"
        if now != told:
            print(now, flush=True)  # noqa: T201 - the test's log
            told = now
        if status.get("phase") == "Done":
            return status
        time.sleep(POLL_SECONDS)
    sys.exit(f"no verdict within {END_SECONDS} s; the last word was {told}")


def main() -> None:
    """Exits with what is wrong."""
    # one that did not pass, or whose test was killed
    call("DELETE", f"{PRACTICES}/{NAME}")
    deadline = time.monotonic() + GONE_SECONDS
    while call("GET", f"{PRACTICES}/{NAME}") is not None:
        if time.monotonic() > deadline:
            sys.exit(f"the practice {NAME} of before is still there {GONE_SECONDS} s after it was deleted")
        time.sleep(POLL_SECONDS)
    call(
        "POST",
        PRACTICES,
        {
            "apiVersion": "myclothes.com/v1alpha1",
            "kind": "ZoneShiftPractice",
            "metadata": {"name": NAME},
            "spec": {"zones": [ZONE], "shiftFor": SHIFT_FOR},
        },
    )
    result = practised()["results"][0]
    print(json.dumps(result))  # noqa: T201 - the test's log
    if result["verdict"] != "Passed":
        # it stays, and with it the log of the ledger's job
        sys.exit(f"{ZONE}: {result['verdict']}, {result['reason']}; kubectl logs job/{result['job']} --all-containers")
    call("DELETE", f"{PRACTICES}/{NAME}")


if __name__ == "__main__":
    main()
