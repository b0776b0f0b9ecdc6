#!/usr/bin/env zsh
# complete_in_zsh.zsh SCRIPT FOLDER LINE: what an interactive zsh in FOLDER offers at the end of LINE, one a line.
zmodload zsh/zpty || exit 77
setup=$(mktemp)
trap 'rm -f $setup' EXIT
cat >$setup <<EOF
PROMPT=
cd ${(q)2}
autoload -Uz compinit
compinit -u -D
source ${(q)1}
bindkey '^I' complete-word
mark() { print -r -- '<mark>' }
compprefuncs=(mark)
comppostfuncs=(mark)
EOF
cat >>$setup <<'EOF'
# Says what would be offered, where zsh would draw it.
compadd() {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
    builtin compadd "$@"
    return $?
  fi
  local -a hits
  builtin compadd -A hits "$@"
  (( $#hits )) && print -rl -- $hits
  builtin compadd "$@"
}
print -r -- '<ready>'
EOF
zpty shell zsh -f -i
zpty -w shell "source $setup"
zpty -r -m shell text '*<ready>*' || exit 1
zpty -w -n shell "$3"$'\t'
zpty -r -m shell text '*<mark>*<mark>*' || exit 1
zpty -d shell
text=${text#*<mark>}
print -r -- ${${text%%<mark>*}//$'\r'/}
