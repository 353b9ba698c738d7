"""What an operator would want to see of a failed test: pods, events, the end of every log, on disk."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from myclothes_cluster.pods import Pods
from myclothes_rig.errors import CommandError

LOG_LINES = 400
"""Of each container, where nobody says since when."""
ASK_SECONDS = 15.0


def keep(pods: Pods, folder: Path, *, since_seconds: float | None = None) -> None:
    """Write the namespace's objects, events and logs, those of restarted containers too, and the nodes.

    Of the logs all that is not older than `since_seconds`; without it their ends.
    """
    much = f"--tail={LOG_LINES}" if since_seconds is None else f"--since={since_seconds:.0f}s"
    folder.mkdir(parents=True, exist_ok=True)
    questions = {
        "nodes.txt": ("describe", "nodes"),
        "pods.txt": ("get", "pods,hpa,pdb,pvc,jobs", "-o", "wide"),
        "pods-described.txt": ("describe", "pods"),
        "events.txt": ("get", "events", "--sort-by=.lastTimestamp"),
        "shifts.txt": ("get", "zoneshifts,zonereports", "-o", "yaml"),
        "patroni.txt": ("get", "configmaps", "-l", "myclothes.dev/cluster", "-o", "yaml"),
    }
    try:
        for item in pods.get("pods")["items"]:
            pod = item["metadata"]["name"]
            for status in item["status"].get("containerStatuses", ()):
                words = ("logs", pod, "-c", status["name"], "--timestamps", much)
                questions[f"{pod}.{status['name']}.log"] = words
                if status["restartCount"]:
                    questions[f"{pod}.{status['name']}.before.log"] = (*words, "--previous")
    except CommandError as error:
        (folder / "no-pods.txt").write_text(str(error))

    def answer(name: str) -> None:
        try:
            (folder / name).write_text(pods.kubectl(*questions[name], seconds=ASK_SECONDS))
        except CommandError as error:
            (folder / name).write_text(f"{error}\n")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(answer, questions))
