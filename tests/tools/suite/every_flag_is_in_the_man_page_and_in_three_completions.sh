# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

# The commands of a tool, and the long flags of a command, as its help names them.
commands_of() { "$1" --help | awk -v tool="$1" '/^  / && $1 == tool {print $2}'; }
flags_of() { "$1" "$2" --help | grep -oE '^  (-., |    )--[a-z0-9-]+' | grep -oE -e '--[a-z0-9-]+'; }
# The part of a man page that is about one command.
page_section() { sed 's/\\-/-/g' "$CP_BUILD/man/$1.1" | awk -v head=".SS $2" '$0 == head {on = 1; next} /^\.S[SH]/ {on = 0} on'; }
common=$(flags_of cpid mint | grep -xE -e '--(help|version|quiet|verbose|json|table|plain|color|progress|config|print-config|output)')
expect_equal 12 "$(wc -w <<<"$common")"

count=0
for tool in cpid cpfind cpprobe cpxfer cprun; do
  it "$tool"
  for file in "man/$tool.1" "completions/bash/$tool" "completions/zsh/_$tool" "completions/fish/$tool.fish"; do
    [ -s "$CP_BUILD/$file" ] || fail "$file was not built"
  done
  for command in $(commands_of "$tool"); do
    page_section "$tool" "$command" >section
    [ -s section ] || fail "the man page has no section about $tool $command"
    sed 's/\\-/-/g' "$CP_BUILD/man/$tool.1" | awk '/^\.SH COMMON OPTIONS/ {on = 1} on' >>section
    awk -v head="    $command)" '$0 == head {on = 1} on; /;;$/ && !/return ;;/ {on = 0}' "$CP_BUILD/completions/bash/$tool" >bash
    awk -v head="    ($command)" '$0 == head {on = 1} on; /;;$/ && !/return ;;/ {on = 0}' "$CP_BUILD/completions/zsh/_$tool" >zsh
    flags_of "$tool" "$command" >flags
    [ -s flags ] || fail "$tool $command --help names no flag"
    while read -r flag; do
      grep -qE -e "^\.B .*$flag(=|\$)" section || fail "$flag of $tool $command is not in the man page"
      grep -qE -e "_offer .*$flag( |;)" bash || fail "$flag of $tool $command is not in the bash completion"
      grep -qE -e "compadd .*$flag( |;)" zsh || fail "$flag of $tool $command is not in the zsh completion"
      grep -qE -e " -l ${flag#--} " "$CP_BUILD/completions/fish/$tool.fish" ||
        fail "$flag of $tool $command is not in the fish completion"
      count=$((count + 1))
    done <flags
  done
done
echo "$count flags"
[ "$count" -gt 300 ] || fail "only $count flags were looked at"
