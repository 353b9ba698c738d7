#!/bin/bash
# Joins the given control groups and becomes a node: pid1.sh under namespaces of its own.
# nsenter and not `ip netns exec`, which mounts another /sys and with it hides the control groups.
set -euo pipefail
for group in "$@"; do echo $$ > "$group/cgroup.procs"; done
exec nsenter --net="/run/netns/$RIG_NAMESPACE" \
  unshare --mount --cgroup --uts --ipc --pid --fork --kill-child --mount-proc bash "$RIG_SCRIPTS/pid1.sh"
