# bash completion for pyworkflow; `pyworkflow autocomplete words` says what fits.
_pyworkflow() {
  local line=${COMP_LINE:0:COMP_POINT} program=pyworkflow typed=() word stem='' offer
  read -r -a typed <<< "$line"
  if [[ $line == *[[:space:]] ]]; then typed+=(''); fi
  word=${typed[${#typed[@]} - 1]}
  # Readline replaces only what stands behind the last : or =, so what stands before it is cut off the offers.
  if [[ $word == *[:=]* && $COMP_WORDBREAKS == *:* ]]; then stem=${word%"${word##*[:=]}"}; fi
  # Where it was typed with its path, such as node_modules/.bin/pyworkflow, that one is asked.
  if [[ ${typed[0]} == */* ]]; then program=${typed[0]}; fi
  COMPREPLY=()
  while IFS=$'\t' read -r offer _; do
    if [[ $offer == :files ]]; then
      compopt -o default 2> /dev/null
      return
    fi
    COMPREPLY+=("${offer#"$stem"}")
  done < <("$program" autocomplete words -- "${typed[@]:1}" 2> /dev/null)
}
complete -F _pyworkflow pyworkflow
