# shellcheck shell=bash
# Other Debians in folders of their own: what scripts/matrix.sh and scripts/arm64.sh share, behind common.sh. The caller sets `root`,
# the system's folder, and `log`.
# shellcheck disable=SC2154,SC2034

# mount_apart ARGUMENT...: starts the calling script again, with its arguments, where what it mounts is seen by itself and its
# children alone and is gone with them, however they end.
mount_apart() {
  [ "${RUNNER_OWN_MOUNTS:-}" != yes ] || return 0
  unshare --mount true 2>/dev/null || die "$EXIT_ENVIRONMENT" "nothing can be mounted here (unshare --mount fails)"
  RUNNER_OWN_MOUNTS=yes exec unshare --mount --propagation private -- "$0" "$@"
}

inside() { chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@" </dev/null; }

# make_system SUITE [debootstrap argument]...: makes $root, unless a run before has left it. Sets `reason` and returns 1 when it
# cannot.
make_system() {
  local suite=$1 mirror
  shift
  [ ! -d "$root" ] || return 0
  if ! command -v debootstrap >/dev/null 2>&1; then
    reason="no debootstrap here (apt-get install debootstrap)"
    return 1
  fi
  mirror=$(host_mirror)
  if [ -z "$mirror" ]; then
    reason="apt knows no Debian mirror (apt-get update)"
    return 1
  fi
  rm -rf --one-file-system "$root.part"
  if ! debootstrap --variant=minbase "$@" "$suite" "$root.part" "$mirror" >>"$log" 2>&1; then
    reason="debootstrap of $suite failed ($log)"
    return 1
  fi
  mv "$root.part" "$root"
}

# No device of the host's but those that hold nothing; /sys for the sizes of caches, as it is but not to be written.
mount_system() {
  local device
  mount -t proc proc "$root/proc" && mount --bind /sys "$root/sys" && mount -o remount,bind,ro "$root/sys" &&
    mount -t tmpfs -o mode=755 tmpfs "$root/dev" || return 1
  for device in null zero full random urandom tty; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device" || return 1
  done
  mkdir "$root/dev/shm" "$root/dev/pts"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm" &&
    mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts "$root/dev/pts" || return 1
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  ln -s /proc/self/fd/0 "$root/dev/stdin"
  ln -s /proc/self/fd/1 "$root/dev/stdout"
  ln -s /proc/self/fd/2 "$root/dev/stderr"
}

unmount_system() { umount --recursive --lazy "$root/proc" "$root/sys" "$root/dev" 2>/dev/null || true; }

# The host's way to its mirror, for apt in there, where no package starts a service.
prepare_apt() {
  cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
  mkdir -p "$root/etc/apt/apt.conf.d"
  apt-config dump Acquire::http Acquire::https Acquire::Check-Valid-Until Acquire::Check-Date \
    >"$root/etc/apt/apt.conf.d/90host" 2>/dev/null || true
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod +x "$root/usr/sbin/policy-rc.d"
}

# short VERSION: its first two numbers, without an epoch.
short() { [[ $1 =~ ^([0-9]+:)?([0-9]+(\.[0-9]+)?) ]] && printf '%s' "${BASH_REMATCH[2]}"; }
package_version() { short "$(inside dpkg-query -W -f "\${Version}" "$1" 2>/dev/null)" || printf '?'; }
