# For projects that bring an engine: build it, hold it against the contract, guard its speed.

# batchlab_add_engine(NAME SOURCE...)
#
# Builds NAME.so, an engine. Its functions are hidden; mark the table as visible, as
# tests/engines/example.c does. It is a target like any other: link and set options as you like.
function(batchlab_add_engine name)
    if(NOT ARGN)
        message(FATAL_ERROR "batchlab_add_engine(${name}): expected source files")
    endif()
    add_library(${name} MODULE ${ARGN})
    target_link_libraries(${name} PRIVATE batchlab::engine)
    set_target_properties(${name} PROPERTIES
        PREFIX "" SUFFIX .so C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden)
endfunction()

# batchlab_add_conformance_test(NAME ENGINE engine [THREADS n] [TIMEOUT seconds])
#
# A test, label `conformance`, that fails unless the engine computes what the contract says
# (`batchlab check`). engine: a target, a path, or a built-in one, each with its variant if it has
# any (`mine:fast`). THREADS: 1 unless told otherwise.
function(batchlab_add_conformance_test name)
    cmake_parse_arguments(PARSE_ARGV 1 with "" "ENGINE;THREADS;TIMEOUT" "")
    _batchlab_arguments("batchlab_add_conformance_test(${name})" ENGINE)
    _batchlab_default(with_THREADS 1)
    _batchlab_default(with_TIMEOUT 600)
    _batchlab_side(engine "${with_ENGINE}")
    add_test(NAME ${name}
             COMMAND batchlab::batchlab check --engine ${engine} --threads ${with_THREADS})
    set_tests_properties(${name} PROPERTIES
        LABELS conformance PROCESSORS ${with_THREADS} TIMEOUT ${with_TIMEOUT})
endfunction()

# batchlab_add_gate_test(NAME ENGINE engine BASE engine [EXPERIMENT file] [MARGIN share] [ROUNDS n]
#                        [BUDGET seconds] [CALIBRATION file] [STRICT] [OPTIONS option...]
#                        [TIMEOUT seconds])
#
# A test, label `perf`, that fails if ENGINE is slower than BASE (`batchlab gate`), does not conform,
# or cannot be compared. It runs alone. Both are given as for batchlab_add_conformance_test. An empty
# BASE, for which there is nothing to compare, is a skipped test. So is an inconclusive comparison;
# with STRICT it fails. EXPERIMENT: cells that both engines can compute; without one those of
# experiments/gate.yaml, which has a hidden layer. OPTIONS: any others of `batchlab gate`. The
# numbers are left in <build folder>/gate/NAME.
function(batchlab_add_gate_test name)
    cmake_parse_arguments(PARSE_ARGV 1 with "STRICT"
        "ENGINE;BASE;EXPERIMENT;MARGIN;ROUNDS;BUDGET;CALIBRATION;TIMEOUT" "OPTIONS")
    # CMake before 3.31 leaves with_BASE undefined where an empty one was given.
    if("BASE" IN_LIST ARGN AND (NOT DEFINED with_BASE OR with_BASE STREQUAL ""))
        set(nothing "There is nothing to compare with: no base is set")
        add_test(NAME ${name} COMMAND ${CMAKE_COMMAND} -E echo "${nothing}")
        set_tests_properties(${name} PROPERTIES LABELS perf SKIP_REGULAR_EXPRESSION "${nothing}")
        return()
    endif()
    _batchlab_arguments("batchlab_add_gate_test(${name})" ENGINE BASE)
    _batchlab_default(with_BUDGET 300)
    math(EXPR longest "${with_BUDGET} + 1200") # and the engines' conformance, before
    _batchlab_default(with_TIMEOUT ${longest})
    _batchlab_side(head "${with_ENGINE}")
    _batchlab_side(base "${with_BASE}")
    set(options --budget ${with_BUDGET} --output ${CMAKE_CURRENT_BINARY_DIR}/gate/${name})
    foreach(option MARGIN ROUNDS)
        if(DEFINED with_${option})
            string(TOLOWER ${option} word)
            list(APPEND options --${word} ${with_${option}})
        endif()
    endforeach()
    if(DEFINED with_CALIBRATION)
        get_filename_component(file "${with_CALIBRATION}" ABSOLUTE)
        list(APPEND options --calibration ${file})
    endif()
    list(APPEND options ${with_OPTIONS})
    if(DEFINED with_EXPERIMENT)
        get_filename_component(file "${with_EXPERIMENT}" ABSOLUTE)
        list(APPEND options ${file})
    endif()
    add_test(NAME ${name}
             COMMAND batchlab::batchlab gate --strict --base ${base} --head ${head} ${options})
    set_tests_properties(${name} PROPERTIES
        LABELS perf RUN_SERIAL TRUE TIMEOUT ${with_TIMEOUT})
    if(NOT with_STRICT)
        set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 5)
    endif()
endfunction()

# ---- Their parts -------------------------------------------------------------------------------

# Ends the configuration where an argument is missing or too much; for who has called
# cmake_parse_arguments with the prefix `with`.
macro(_batchlab_arguments who)
    if(with_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "${who}: unexpected arguments: ${with_UNPARSED_ARGUMENTS}")
    endif()
    if(with_KEYWORDS_MISSING_VALUES)
        message(FATAL_ERROR "${who}: a value is missing of: ${with_KEYWORDS_MISSING_VALUES}")
    endif()
    foreach(_batchlab_needed ${ARGN})
        if(NOT DEFINED with_${_batchlab_needed})
            message(FATAL_ERROR "${who}: ${_batchlab_needed} is missing")
        endif()
    endforeach()
endmacro()

macro(_batchlab_default variable value)
    if(NOT DEFINED ${variable})
        set(${variable} ${value})
    endif()
endmacro()

# An engine as the command line wants it: `target:variant`, `path:variant`, or a built-in one.
function(_batchlab_side result given)
    string(REGEX MATCH "^[^:]*" name "${given}")
    string(LENGTH "${name}" length)
    string(SUBSTRING "${given}" ${length} -1 variant)
    if(TARGET ${name})
        set(name $<TARGET_FILE:${name}>)
    elseif(name MATCHES "/|[.]so$")
        get_filename_component(name "${name}" ABSOLUTE)
    endif()
    set(${result} "${name}${variant}" PARENT_SCOPE)
endfunction()
