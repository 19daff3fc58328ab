#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two ends that call the same people by other numbers: each sees a passwd and group of its own.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"
[ "$(id -u)" -eq 0 ] || skip "only root gives files away"
unshare -m true 2>/dev/null || skip "this user has no mounts of his own"

# names WHERE USER:ID… (each user's group has the next number and an s behind its name)
names() {
  local where=$1 pair
  shift
  cp /etc/passwd "$where.passwd"
  cp /etc/group "$where.group"
  for pair; do
    printf '%s:x:%s:%s::/:/bin/sh\n' "${pair%:*}" "${pair#*:}" "$((${pair#*:} + 1))" >>"$where.passwd"
    printf '%ss:x:%s:\n' "${pair%:*}" "$((${pair#*:} + 1))" >>"$where.group"
  done
  cat >"$where.run" <<SH
mount --bind '$PWD/$where.passwd' /etc/passwd && mount --bind '$PWD/$where.group' /etc/group && exec "\$@"
SH
}
names here cptalice:50010 cptbob:50020
names far cptalice:70010 cptcarol:50030
here() { unshare -m sh "$PWD/here.run" "$@"; }
mkdir "$TESTDIR/tools"
printf '%s\n' '#!/bin/sh' "exec unshare -m sh '$PWD/far.run' '$CP_BUILD/bin/cpxfer' \"\$@\"" >"$TESTDIR/tools/cpxfer"
chmod +x "$TESTDIR/tools/cpxfer"
here true || skip "/etc/passwd cannot be covered here"
start_sshd far
far_path "$TESTDIR/tools" /usr/local/bin /usr/bin /bin

mkdir -p src/dir
for name in alice bob nameless root dir/in; do printf '%s' $name >src/$name; done
chown 50010:50011 src/alice src/dir
chown 50020:50021 src/bob
chown 50030:50031 src/nameless
ln -s alice src/link
chown -h 50010:50021 src/link
head -c 400000 /dev/urandom >src/large
chown 50010:50011 src/large
chmod 6755 src/alice
owners() { (cd "$1" && find . -mindepth 1 -printf '%P %m %U:%G\n' | sort); }

it "to another end by their names, and where there are none by their numbers"
expect_status 0 here cpxfer --preserve owner src/ far:there
expect_equal 'alice 6755 70010:70011
bob 644 50020:50021
dir 755 70010:70011
dir/in 644 0:0
large 644 70010:70011
link 777 70010:50021
nameless 644 50030:50031
root 644 0:0' "$(owners "$FAR/there")"

it "and back"
expect_status 0 here cpxfer --preserve owner far:there/ back
# The far end knows the number of nameless as another's, whom nobody knows here.
expect_equal "$(owners src)" "$(owners back)"

it "compares them by their names, too"
chown 70010:0 "$FAR/there/bob"
expect_status 0 here cpxfer --update --preserve owner src/ far:there
expect_equal 'bob 644 50020:50021' "$(owners "$FAR/there" | grep ^bob)"
expect_json '.bytes.moved == 0'

it "by their numbers when that is asked for"
expect_status 0 here cpxfer --preserve owner --numeric-ids src/ far:numbers
expect_equal "$(owners src)" "$(owners "$FAR/numbers")"
expect_status 0 here cpxfer --preserve owner --numeric-ids far:there/ numbers
expect_equal "$(owners "$FAR/there")" "$(owners numbers)"

it "an attribute that the kernel keeps a link from having fails the link, and nothing else"
need setfattr
cat >inside.sh <<'SH'
mount -t tmpfs none from && mount -t ramfs none to || exit 77
printf f >from/file
ln -s file from/link
setfattr -h -n trusted.l -v l from/link || exit 77
cpxfer --preserve xattr from/ to; s=$?
readlink to/link
cat to/file
exit $s
SH
mkdir from to
unshare -m bash inside.sh >"$STDOUT" 2>"$STDERR" && s=0 || s=$?
[ "$s" -ne 77 ] || skip "there are no attributes of links here"
expect_equal 1 "$s"
expect_match '^cpxfer: cannot move to/link: the attribute trusted.l: operation not supported$' "$STDERR"
expect_match '^f$'
