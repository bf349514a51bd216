# SPDX-License-Identifier: BSD-3-Clause
# One static library per folder of sentinel/, and who may include whom.
#
# Headers are included as "base/buf.h". Every layer gets an include folder of its own that shows
# just that layer (<build>/include/base/base -> sentinel/base), so that an include of a layer which
# is not among a library's dependencies does not compile.

# A translation unit for layers that have no source of their own yet.
set(SN_EMPTY_SOURCE "${PROJECT_BINARY_DIR}/generated/empty.c")
if(NOT EXISTS "${SN_EMPTY_SOURCE}")
  file(WRITE "${SN_EMPTY_SOURCE}" "extern int sn_empty_translation_unit;\n")
endif()

# sn_add_layer(name [layers it may include...]): the library sn_<name> from all *.c of this folder and those in it.
function(sn_add_layer name)
  set(view "${PROJECT_BINARY_DIR}/include/${name}")
  file(MAKE_DIRECTORY "${view}")
  file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}" "${view}/${name}" SYMBOLIC)

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.c)
  if(NOT sources)
    set(sources "${SN_EMPTY_SOURCE}")
  endif()
  add_library(sn_${name} STATIC ${sources})
  target_include_directories(sn_${name} PUBLIC "${view}")
  foreach(layer IN LISTS ARGN)
    target_link_libraries(sn_${name} PUBLIC sn_${layer})
  endforeach()
endfunction()
