# Before dpkg-shlibdeps looks at what is packed: the libraries of MPI are loaded only by runs over ranks, with the
# module lib/batchlab/ranks_mpi.so; no package of theirs enters Depends (a line of shlibs.local without one).
file(WRITE ${CPACK_TEMPORARY_DIRECTORY}/debian/shlibs.local "libmpi 40\nlibmpich 12\n")
