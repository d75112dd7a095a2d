#!/bin/sh
# container.sh CGROUP... -- COMMAND...: becomes the command in these cgroups.
set -eu
while [ "$1" != -- ]; do
  mkdir -p "$1"
  echo 0 > "$1/cgroup.procs"
  shift
done
shift
exec "$@"
