# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Trees with all that a file can have, and their description. Sourced after moving.sh.
#
#   plant_golden DIR   attributes, ACLs, hard links, holes, odd names
#   plant_roots DIR    what only root can make
#   describe DIR       a line for each thing: name, type, mode, owner, time, size, blocks, which names
#                      mean one file, attributes and ACLs
#   coarse             what of it every rsync gives: not the times of directories and links
#   not_roots          without attributes that only root may set
need rsync setfattr setfacl getfattr getfacl
touch probe
setfattr -n user.x -v y probe 2>/dev/null || skip 'this file system has no extended attributes'
setfacl -m u:1:r probe 2>/dev/null || skip 'this file system has no ACLs'
rm probe

plant_golden() (
  cd "$1" || exit
  mkdir -p dir/inner handed
  printf small >small
  printf b >dir/a
  ln dir/a dir/b
  ln dir/a top
  head -c 3000000 /dev/urandom >dir/large
  ln dir/large dir/inner/large
  setfattr -n user.one -v 1 small
  setfattr -n user.binary -v 0x00ff0a dir/large
  setfattr -n user.empty dir
  setfattr -n user.$'new\nline' -v x dir/inner
  printf l >listed
  setfacl -m u:1234:rw,g:4321:r listed
  setfacl -d -m u:1234:rwx handed
  printf h >handed/in
  chmod 640 small
  ln -s small link
  truncate -s 8M hollow
  truncate -s 40M mixed
  printf middle | dd of=mixed bs=1 seek=20971520 conv=notrunc status=none
  truncate -s 200K little
  printf end >>little
  printf n >$'new\nline'
  touch -d '2001-09-09 01:46:40.123456789Z' small listed dir/a dir/large hollow mixed little handed/in
  touch -d '2002-02-02 02:02:02Z' dir/inner dir handed
)
plant_roots() (
  cd "$1" || exit
  printf o >owned
  chown 1234:4321 owned
  chmod 6755 owned
  mkdir shared
  chown 77:88 shared
  chmod 1777 shared
  ln -s owned owned-link
  chown -h 55:66 owned-link
  setfattr -n trusted.t -v t small
)
describe() (
  cd "$1" || exit
  find . -printf '%P\0' | sort -z | while IFS= read -r -d '' name; do
    at=./${name}
    fact=$(stat -c '%F|%a|%u|%g|%Y|%i' -- "$at")
    IFS='|' read -r type mode user group _ inode <<<"$fact"
    size='' same='' attributes='' acl=''
    time=$(find "$at" -maxdepth 0 -printf '%T@')
    case $type in
      regular*)
        size="$(stat -c '%s %b' -- "$at") $(md5sum <"$at")"
        same=$(find . -inum "$inode" -printf '%P ' | xargs -n1 2>/dev/null | sort | head -1)
        ;;
      symbolic*) size=$(readlink -- "$at") ;;
    esac
    if [ "${type%% *}" != symbolic ]; then
      attributes=$(getfattr -d -m '^(user|trusted)[.]' -e hex -- "$at" 2>/dev/null | sed 1d | sort | tr '\n' ' ')
      acl=$(getfacl -cpn -- "$at" 2>/dev/null | sort | tr '\n' ' ')
    fi
    printf '%s|%s|%s|%s:%s|%s|%s|%s|%s|%s\n' "${name//$'\n'/?}" "${type:0:1}" "$mode" "$user" "$group" "$time" "$size" "$same" "$attributes" "$acl"
  done
)
coarse() { sed -E 's/^([^|]*\|[ds]\|[^|]*\|[^|]*\|)[^|]*/\1/; s/^(([^|]*\|){4}[0-9]+)[.][0-9]*/\1/'; }
not_roots() { sed -E 's/trusted[.][^ ]* ?//g; s/\| +\|/||/g; s/^([^|]*\|.\|)[0-7]*([0-7]{3}\|)/\1\2/'; }
