# The comments of engine.h as Doxygen wants them: what stands above a declaration, and what stands
# behind one, of each of its names. Banners, and comments that a blank line follows, belong to none.
function put(line) {
    if (count++) print pending
    pending = line
}
{
    line = $0
    begins = !within && line ~ /^[ \t]*\/\*/ && line !~ /^\/\* ---/
    behind = !within && !begins && line ~ /[;,{u"] *\/\*/
    if (begins) sub(/\/\*/, NR == 1 ? "/** @file" ORS " *" : "/**", line)
    if (behind) sub(/\/\*/, "/**<", line)
    if (line ~ /\/\*/) within = 1
    ends = within && line ~ /\*\/[ \t]*$/
    if (ends) within = 0
    if (line == "" && alone) sub(/\/\*\*/, "/*", pending)
    alone = begins && ends
    # int a, b; /**< both */ is int a; /**< both */ int b; /**< both */
    if (behind && ends && match(line, /; *\/\*\*</) && line ~ /^ +[a-z0-9_]+( [a-z0-9_]+)* [a-z0-9_]+(, [a-z0-9_]+)+;/) {
        note = substr(line, RSTART + 1)
        declared = substr(line, 1, RSTART - 1)
        many = split(declared, names, /, /)
        type = names[1]
        sub(/[a-z0-9_]+$/, "", type)
        line = names[1] ";" note
        for (i = 2; i <= many; i++) line = line " " type names[i] ";" note
    }
    put(line)
}
END { put("") }
