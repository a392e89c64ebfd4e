# Sets TRAJTRACK_SOURCE_HASH, by which trajtrack/_core.py notices a core that was built from other sources: the SHA-256
# of a line "<SHA-256> <path>" for each file of csrc, in the order of the paths, which are relative to csrc.

file(GLOB_RECURSE core_sources CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/csrc ${CMAKE_CURRENT_SOURCE_DIR}/csrc/*)
list(SORT core_sources)
set(core_hashes "")
foreach(core_source IN LISTS core_sources)
  file(SHA256 ${CMAKE_CURRENT_SOURCE_DIR}/csrc/${core_source} core_hash)
  string(APPEND core_hashes "${core_hash} ${core_source}\n")
endforeach()
string(SHA256 TRAJTRACK_SOURCE_HASH "${core_hashes}")
# A changed file changes the hash: configure again.
list(TRANSFORM core_sources PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/csrc/ OUTPUT_VARIABLE core_paths)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${core_paths})
