# Completion of batchlab for bash. What it offers is asked of the program: nothing here grows old.
_batchlab() {
    local current=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]} command=${COMP_WORDS[1]}

    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        local commands
        commands=$("$program" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' | grep -v '^batchlab$')
        mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$current")
    elif [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$("$program" "$command" --help 2>/dev/null |
            grep -oE '^ +(-., +)?--[a-z-]+=?' | grep -oE -- '--.*')" -- "$current")
        [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
    elif [ "$command" = list ]; then
        mapfile -t COMPREPLY < <(compgen -W "engines charts optimizers networks experiments keys import columns" -- "$current")
    else
        compopt -o default
    fi
}
complete -F _batchlab batchlab
