# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Trees with all that a file can have, and their description. Sourced after moving.sh.
#
#   plant_golden DIR   attributes, ACLs, hard links, holes, odd names
#   plant_roots DIR    what only root can make
#   describe DIR       a line for each thing: name, type, mode, owner, time, size, blocks, which names
#                      mean one file, attributes and ACLs
#   plant DIR, drift DIR   a plain tree, and what makes a copy of it another
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
  setfattr -h -n trusted.l -v l owned-link
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
      symbolic*)
        size=$(readlink -- "$at")
        attributes=$(getfattr -h -d -m '^(user|trusted)[.]' -e hex -- "$at" 2>/dev/null | sed 1d | sort | tr '\n' ' ')
        ;;
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

old='2001-01-01 00:00:00Z' middle='2005-05-05 05:05:05Z' new='2010-10-10 10:10:10Z'
# A plain tree, and what makes a copy DIR of it another.
plant() {
  mkdir -p "$1"/{a/deep,b,only-here,.git}
  for name in a/same a/deep/file b/x.o b/keep.c $'b/new\nline' $'b/\xff' b/-rf .git/config only-here/one; do
    printf '%s' "$name" >"$1/$name"
  done
  ln -s ../a "$1/b/link"
  find "$1" -exec touch -h -d "$middle" {} +
}
# Things of its own, and others' contents, times and modes.
drift() {
  mkdir -p "$1/extra/inner" "$1/b/gone" "$1/a/objects"
  printf e >"$1/extra/inner/file"
  chmod 500 "$1/extra/inner"
  printf e >"$1/extra-file"
  ln -s /etc "$1/extra/way-out"
  ln -s "$TESTDIR/outside" "$1/b/gone/out"
  printf e >"$1/"$'b/extra\nline'
  printf o >"$1/a/objects/y.o"
  printf o >"$1/b/z.o"
  rm -r "$1/only-here"
  printf 'a/NEWR' >"$1/a/same"
  touch -d "$new" "$1/a/same"
  printf 'a/deep/old' >"$1/a/deep/file"
  touch -d "$old" "$1/a/deep/file"
  printf 'longer than before' >"$1/b/keep.c"
  touch -d "$middle" "$1/b/keep.c"
  chmod 600 "$1/"$'b/\xff'
  touch -d "$old" "$1/b/-rf"
  printf 'b/x.O' >"$1/b/x.o"
  touch -d "$middle" "$1/b/x.o"
  ln -sfn nowhere "$1/b/link"
}
