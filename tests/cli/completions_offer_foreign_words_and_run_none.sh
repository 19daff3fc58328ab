# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
PATH="$CP_BUILD/tests/cli:$PATH"
need python3
cpsample --generate bash >cpsample.bash

it "gives bash words that are quoted, none that breaks the line"
bash_offers() {
  bash -c '. ./cpsample.bash; COMP_LINE=$1 COMP_POINT=${#1}; read -ra COMP_WORDS <<<"$1"
    [[ $1 == *" " ]] && COMP_WORDS+=(""); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _cpsample
    printf "%s\n" "${COMPREPLY[@]}"' bash "$1"
}
expect_equal "$(printf '%s\n' plain '\$\(touch\ pwned\)' '\`touch\ pwned\`' 'two\ words' "it\\'s" 'a\;touch\ pwned')" \
  "$(bash_offers 'cpsample show --tag ')"
expect_equal 'plain' "$(bash_offers 'cpsample show -t pl')"
expect_equal $'good\nbad' "$(bash_offers 'cpsample show --kind ')"
expect_equal $'--count\n--color\n--config' "$(bash_offers 'cpsample show --co')"
expect_equal "show" "$(bash_offers 'cpsample sh')"
it "is tried in a real bash at a real prompt"
expect_status 0 python3 "$CP_SOURCE/tests/cli/press_tab.py" cpsample.bash 'cpsample show --tag '
expect_match 'touch\\? pwned'
expect_equal "cpsample.bash" "$(ls)"

it "gives zsh and fish scripts that they accept"
cpsample --generate zsh >_cpsample
cpsample --generate fish >cpsample.fish
if command -v zsh >/dev/null; then zsh -n _cpsample; fi
if command -v fish >/dev/null; then
  fish --no-execute cpsample.fish
  expect_status 0 fish -c 'source cpsample.fish; complete -C "cpsample show --tag "'
  expect_match 'touch pwned'
  expect_equal "_cpsample cpsample.bash cpsample.fish" "$(echo *)"
fi
