#!/bin/sh
# with-root.sh FOLDER BASE COMMAND...: runs the command in FOLDER, where `mount/root` is the root of a bed: the base, the
# installation and the checkout, all of which stay as they are, since what is written goes to memory. To be run in a
# mount namespace of its own.
set -eu
cd "$1"
base=$2
shift 2
mkdir -p mount
mount -t tmpfs -o mode=0755 bed mount
mkdir mount/root mount/upper mount/work mount/project-upper mount/project-work
mount -t overlay bed -o "lowerdir=layer:$base,upperdir=mount/upper,workdir=mount/work" mount/root
mount -t overlay bed -o lowerdir=project,upperdir=mount/project-upper,workdir=mount/project-work \
  mount/root/srv/driverd
exec "$@"
