# fish completion for pyworkflow; `pyworkflow autocomplete words` says what fits.
function __pyworkflow_offers
    set -l typed (commandline -opc)
    set -l word (commandline -ct)
    set -l program pyworkflow
    # Where it was typed with its path, such as node_modules/.bin/pyworkflow, that one is asked.
    if string match -q '*/*' -- $typed[1]
        set program $typed[1]
    end
    for offer in ($program autocomplete words -- $typed[2..-1] "$word" 2> /dev/null)
        if test "$offer" = :files
            __fish_complete_path "$word"
        else
            printf '%s\n' $offer
        end
    end
end
complete -c pyworkflow -f -a '(__pyworkflow_offers)'
