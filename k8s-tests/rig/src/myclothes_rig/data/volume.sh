#!/bin/sh
# volume.sh create FOLDER BYTES | delete FOLDER | fill FOLDER | free FOLDER
# A volume with a size of its own, as a file system in a file. Runs in the node's mount namespace: called by the
# provisioner's helper pod to create and delete, by the rig to fill and free.
set -eu
folder=$2
disk=$(dirname "$folder")/.disks/$(basename "$folder").img
case $1 in
  create)
    truncate --size "$3" "$disk"
    mkfs.ext4 -q -m 0 -E nodiscard "$disk"
    mkdir -p "$folder"
    mount -o loop "$disk" "$folder"
    rmdir "$folder/lost+found"
    chmod 0777 "$folder"
    ;;
  delete)
    umount "$folder"
    rmdir "$folder"
    rm "$disk"
    ;;
  fill)
    # Most of it at once; the rest, which also holds the file system's own records, by writing until it is refused.
    free=$(df --output=avail --block-size=1 "$folder" | tail -n 1)
    fallocate --length $((free - free / 16 + 1)) "$folder/.rig-fill"
    ! dd if=/dev/zero of="$folder/.rig-rest" bs=512 status=none 2> /dev/null
    ;;
  free)
    rm -f "$folder/.rig-fill" "$folder/.rig-rest"
    ;;
esac
