#!/bin/bash
# A node's pid 1: mounts what a machine of its own would have, then keeps containerd, Cilium, kube-proxy and kubelet
# running. Killing it is losing the machine: nothing shuts down.
set -euo pipefail
runtime=/run/containerd/containerd.sock
volumes=/opt/local-path-provisioner

mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/lock /run/netns /run/containerd /run/cilium
while read -r folder place; do
  mkdir -p "$RIG_NODE/$folder" "$place"
  mount --bind "$RIG_NODE/$folder" "$place"
done << PLACES
kubelet /var/lib/kubelet
cni-lib /var/lib/cni
log /var/log
cni-conf /etc/cni/net.d
cni-bin /opt/cni/bin
volumes $volumes
PLACES
mount -t sysfs sysfs /sys
mount -t bpf bpf /sys/fs/bpf
mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
for hierarchy in cpu cpuacct cpuset memory devices freezer blkio pids; do
  mkdir "/sys/fs/cgroup/$hierarchy"
  mount -t cgroup -o "$hierarchy" cgroup "/sys/fs/cgroup/$hierarchy"
done
mkdir /sys/fs/cgroup/systemd /sys/fs/cgroup/unified
mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
mount --make-rshared /
# As on other nodes the daemons together weigh little beside the pods; else each of their threads does more than a pod.
mkdir /sys/fs/cgroup/cpu/system
echo $$ > /sys/fs/cgroup/cpu/system/cgroup.procs
hostname "$RIG_HOST"

# The volumes that a lost machine left: the journal is replayed, as after a power cut.
mkdir -p "$volumes/.disks"
for disk in "$volumes"/.disks/*.img; do
  [ -e "$disk" ] || continue
  name=$(basename "$disk" .img)
  mkdir -p "$volumes/$name"
  mount -o loop "$disk" "$volumes/$name"
done

keep() {
  local name=$1
  shift
  while :; do
    "$@" >> "$RIG_NODE/$name.log" 2>&1 || true
    sleep 1
  done
}

load() { # each archive once, unless it was made anew: a restarted machine still has it
  local archive mark
  for archive in "$1"/*.tar; do
    [ -e "$archive" ] || continue
    mark="$RIG_NODE/imported/$(basename "$archive")"
    [ "$mark" -nt "$archive" ] && continue
    ctr --address "$runtime" --namespace k8s.io images import --no-unpack "$archive" >> "$RIG_NODE/import.log" 2>&1
    touch "$mark"
  done
}

mkdir -p "$RIG_NODE/imported"
keep containerd containerd --config "$RIG_NODE/containerd.toml" &
until [ -S "$runtime" ]; do sleep .1; done
load "$RIG_PRELOAD/system"
export PATH="$RIG_BIN/clang:$PATH" K8S_NODE_NAME="$RIG_HOST" CILIUM_K8S_NAMESPACE=kube-system
keep cilium "$RIG_BIN/cilium-agent" --config-dir "$RIG_NODE/cilium.d" &
keep kube-proxy "$RIG_BIN/kube-proxy" --config="$RIG_NODE/kube-proxy.json" &
keep kubelet "$RIG_BIN/kubelet" --config="$RIG_NODE/kubelet.json" --kubeconfig="$RIG_KUBECONFIG" \
  --hostname-override="$RIG_HOST" --node-ip="$RIG_ADDRESS" --root-dir=/var/lib/kubelet \
  --node-labels="topology.kubernetes.io/zone=$RIG_HOST,topology.kubernetes.io/region=rig" &
load "$RIG_PRELOAD/extra"
touch "$RIG_NODE/loaded"
wait
