#compdef pyworkflow
# zsh completion for pyworkflow; `pyworkflow autocomplete words` says what fits.
_pyworkflow() {
  local program=pyworkflow word about
  local -a offers
  # Where it was typed with its path, such as node_modules/.bin/pyworkflow, that one is asked.
  if [[ $words[1] == */* ]]; then program=$words[1]; fi
  while IFS=$'\t' read -r word about; do
    if [[ $word == :files ]]; then
      _files
      return
    fi
    offers+=("${word//:/\\:}${about:+:$about}")
  done < <("$program" autocomplete words -- "${(@)words[2,CURRENT-1]}" "$PREFIX" 2> /dev/null)
  _describe -V pyworkflow offers
}
# Loaded from a folder of $fpath it is called at once, sourced it is only made known.
if [[ $funcstack[1] == _pyworkflow ]]; then _pyworkflow "$@"; else compdef _pyworkflow pyworkflow; fi
