// SPDX-License-Identifier: Apache-2.0
#include "transfer/far_agent.hpp"

namespace cp::transfer {

// Only builtins of POSIX sh print what comes from outside, and always through printf. `read` takes
// single bytes, so it leaves what follows the line. What a tool may not read is kept away from it
// by </dev/null. Staged files get their names by mv from within the directory that they go to,
// whose real path was looked at after it was entered: no link leads out, whatever happens
// meanwhile.
const std::string_view far_agent = R"sh(
unset CDPATH TAR_OPTIONS GZIP POSIXLY_CORRECT
nl='
'
home=$(pwd)
w= k= gone= root= pinger= touch=t

# A shell that is about to become another one forgets a gentler signal.
quiet() {
  [ -z "$pinger" ] || { kill -KILL "$pinger"; wait "$pinger"; }
  pinger=
} 2>/dev/null
alive() {
  [ -z "$pinger" ] || return 0
  (
    trap - EXIT HUP INT TERM PIPE
    while kill -0 $$; do
      sleep 5 >/dev/null
      printf '\026'
    done
  ) 2>/dev/null &
  pinger=$!
}
tidy() {
  quiet
  cd / && [ -z "$gone" ] || rm -rf "$gone"
  [ -z "$k" ] || rmdir "$k"
} 2>/dev/null
trap tidy EXIT
trap 'exit 1' HUP INT TERM PIPE

one_line() { printf '%s' "$1" | tr '\n' ' '; }
ok() { printf 'ok\n'; }
bad() { printf 'bad %s\n' "$(one_line "$1")"; }

if [ "$(printf abcdef | { dd bs=4 count=1 iflag=fullblock; printf :; cat; } 2>/dev/null)" = abcd:ef ]; then
  take=dd
  take() {
    [ "$1" = 0 ] || dd bs=65536 count="$1" iflag=fullblock
    [ "$2" = 0 ] || dd bs="$2" count=1 iflag=fullblock
  }
elif [ "$(printf abcdef | { head -c 4; printf :; cat; } 2>/dev/null)" = abcd:ef ]; then
  take=head
  take() { head -c $(($1 * 65536 + $2)); }
else
  take=bytes
  take() { dd bs=1 count=$(($1 * 65536 + $2)); }
fi

sum=sha256
is_sha256() { case $(printf abc | sums 2>/dev/null) in ba7816bf*f20015ad*) ;; *) false ;; esac; }
sums() { sha256sum "$@"; }
is_sha256 || sums() { shasum -a 256 "$@"; }
is_sha256 || {
  sum=cksum
  sums() { cksum "$@"; }
}

# GNU's tar takes a backslash in a name for an escape.
packs() { tar "$@" -cf - ./dev/null; } >/dev/null 2>&1 </dev/null
tar=none flags=
if (cd / && packs); then tar=gnu; fi
for flag in --no-unquote --format=pax; do
  if [ $tar != none ] && (cd / && packs $flag); then
    flags="$flags $flag"
    [ $flag != --format=pax ] || tar=pax
  fi
done

status=none
for format in '%a %s %.9Y %.9Z %i' '%a %s %Y %Z %i'; do
  case $status$(stat -c "$format" / 2>/dev/null) in
  none | none*[!0-9.\ ]*) ;;
  none*) status=$format ;;
  esac
done
now=$(date +%s 2>/dev/null)
case $now in '' | *[!0-9]*) now=none ;; esac

# Enters a directory below the root, through no link.
enter() {
  e='it cannot be entered'
  cd "$root/" || return 1
  [ -n "$1" ] || return 0
  cd "./$1" || return 1
  e='a symbolic link stands in the way'
  [ "$(pwd -P; printf x)" = "$root/$1${nl}x" ]
} 2>/dev/null

do_kind() {
  cd "$home" || exit
  l=
  [ ! -L "$1" ] || l=l
  if [ -d "$1" ]; then
    printf '%sd\n' "$l"
  elif [ -f "$1" ]; then
    printf '%sf\n' "$l"
  elif [ -e "$1" ] || [ -n "$l" ]; then
    printf '%so\n' "$l"
  else
    printf 'none\n'
  fi
}

is_ours() { [ -n "$(find "$1" -prune -type d -user "$(id -u)" -perm 700)" ]; } 2>/dev/null
clean() {
  for d in "$k"/w.*; do
    pid=${d##*.}
    case $d in
    "$k/w.$(uname -n).$pid") kill -0 "$pid" || rm -rf "$d" ;;
    esac
  done
  find "$root"/.cpxfer-sh-* -prune -type d -user "$(id -u)" -mtime +7 -exec rm -rf {} +
} 2>/dev/null
do_open() {
  cd "$home" || exit
  was=old
  if [ ! -d "$1" ]; then
    was=new
    m=$(mkdir -p "$1" 2>&1) || { bad "$m"; return; }
  fi
  m=$(cd "$1" 2>&1) || { bad "$m"; return; }
  cd "$1" || exit
  root=$(pwd -P; printf x)
  root=${root%?x}
  [ "$root" != / ] || root=
  k=$root/$2
  m=$(mkdir -m 700 "$k" 2>&1) || is_ours "$k" || { bad "${m:-$k is not ours}"; return; }
  w=$k/w.$(uname -n).$$
  gone=$w
  [ "$3" = keep ] || gone=$k
  m=$(mkdir -m 700 "$w" 2>&1) || { bad "$m"; return; }
  cd "$w" || exit
  clean </dev/null
  : >t
  ! TZ=UTC0 touch -d 2001-02-03T04:05:06.789Z t 2>/dev/null || touch=d
  alive
  printf '%s\n' "$was"
}
do_journal() {
  [ ! -f "$k/landed" ] || cat "$k/landed" </dev/null
  printf '\nend\n'
}

do_put() {
  m=$(mkdir -p "./$1" 2>&1 </dev/null; { take "$2" "$3" 2>/dev/null | {
    cd "./$1" && tar xpof -
    s=$?
    cat >/dev/null
    exit $s
  }; } 2>&1) && ok || bad "$m"
}
do_data() {
  m=$(mkdir -p "${1%/*}" 2>&1 </dev/null; { take "$2" "$3" 2>/dev/null | {
    cat >>"$1"
    s=$?
    cat >/dev/null
    exit $s
  }; } 2>&1) && ok || bad "$m"
}
set_both() {
  if [ $touch = d ]; then
    TZ=UTC0 touch -d "$3" "$1"
  else
    TZ=UTC0 touch -t "$4" "$1"
  fi && chmod "$2" "$1"
}
do_meta() { m=$(set_both "$@" 2>&1 </dev/null) && ok || bad "$m"; }
do_dirmeta() {
  m=$({ enter "$1" || { printf '%s' "$e"; exit 1; }; shift; set_both . "$@"; } 2>&1 </dev/null) && ok || bad "$m"
}

do_sums() {
  alive
  m=$(sums "$@" 2>/dev/null </dev/null)
  printf '%s\nend\n' "$m"
}
do_sum() {
  alive
  m=$({ sums <"$1"; } 2>/dev/null)
  printf '%s\n' "${m:-none}"
}

make_one() {
  if [ -L "./$1" ]; then
    printf 'a symbolic link stands in the way'
  elif [ ! -d "./$1" ]; then
    mkdir "./$1" 2>&1
  else
    [ -w "./$1" ] && [ -x "./$1" ] || chmod u+wx "./$1" 2>&1
  fi
}
make_all() {
  enter "$1" || { printf 'gone %s\n' "$e"; return; }
  shift
  i=0
  for f do
    m=$(make_one "$f")
    [ -z "$m" ] || printf 'fail %s %s\n' "$i" "$(one_line "$m")"
    i=$((i + 1))
  done
}
do_mkdirs() {
  m=$(make_all "$@" </dev/null)
  printf '%s\nend\n' "$m"
}
move_all() {
  s=$w/$1
  enter "$2" || { printf 'gone %s\n' "$e"; return; }
  shift 2
  n=$#
  for f do set -- "$@" "$s/$f"; done
  shift "$n"
  ! mv -f "$@" ./ 2>/dev/null || return 0
  i=0
  for f do
    if [ -e "$f" ] || [ -L "$f" ]; then
      m=$(mv -f "$f" ./ 2>&1) || printf 'fail %s %s\n' "$i" "$(one_line "$m")"
    fi
    i=$((i + 1))
  done
}
do_move() {
  m=$(move_all "$@" </dev/null)
  printf '%s\nend\n' "$m"
}

do_sync() {
  sync -f "$root/" 2>/dev/null </dev/null || sync </dev/null
  ok
}
do_note() {
  if printf '%s\n' "$@" >>"$k/landed"; then ok; else bad 'the list cannot be written'; fi
} 2>/dev/null
do_rm() {
  rm -rf "./$1" </dev/null
  ok
}
do_close() {
  cd /
  rm -rf "$w" "$k/landed" </dev/null
  rmdir "$k"
  gone=
  ok
} 2>/dev/null

do_at() {
  cd "$home" && m=$(cd "$1" 2>&1) && cd "$1" && ok || bad "$m"
}
lister='
fmt=$1
shift
for f do
  if [ -L "$f" ]; then t=l
  elif [ -d "$f" ]; then t=D; [ ! -r "$f" ] || [ ! -x "$f" ] || t=d
  elif [ -f "$f" ]; then t=F; [ ! -r "$f" ] || t=f
  else t=o
  fi
  printf "%s%s\0" $t "$f"
done
if [ "$fmt" != none ] && s=$(stat -c "$fmt" "$@" 2>/dev/null); then printf "S%s\0" "$s"; fi
printf "B\0"
'
do_list() {
  quiet
  find "$1" $2 -exec sh -c "$lister" sh "$status" {} + </dev/null 2>/dev/null
  printf 'E%s\0' $?
}
do_get() {
  quiet
  tar $flags -cf - "$@" </dev/null 2>/dev/null
  s=$?
  dd if=/dev/zero bs=512 count=2 2>/dev/null
  printf 'got %s\n' $s
}

case $status in *.9*) fine=fine ;; none) fine=none ;; *) fine=coarse ;; esac
printf 'cpxfer-sh 1 %s %s %s %s %s\n' "$sum" "$take" "$tar" "$fine" "$now"
while IFS= read -r line; do
  eval "set -- $line"
  word=$1
  shift
  "do_$word" "$@"
done
)sh";

}  // namespace cp::transfer
