# SPDX-License-Identifier: BSD-3-Clause
# One static library per folder of sentinel/, and who may include whom.
#
# Headers are included as "base/buf.h". Every layer gets an include folder of its own that shows
# just that layer (<build>/include/sn_base/base -> sentinel/base), so that an include of a layer which
# is not among a library's dependencies does not compile.

# A translation unit for layers that have no source of their own yet.
set(SN_EMPTY_SOURCE "${PROJECT_BINARY_DIR}/generated/empty.c")
if(NOT EXISTS "${SN_EMPTY_SOURCE}")
  file(WRITE "${SN_EMPTY_SOURCE}" "extern int sn_empty_translation_unit;\n")
endif()

# sn_add_layer(name [layers it may include...]): the library sn_<name> from all *.c of this folder and those in it.
# The name is the path below sentinel/: shell/net is the library sn_shell_net, included as "shell/net/x.h".
function(sn_add_layer name)
  string(REPLACE "/" "_" target "sn_${name}")
  set(view "${PROJECT_BINARY_DIR}/include/${target}")
  get_filename_component(above "${view}/${name}" DIRECTORY)
  file(MAKE_DIRECTORY "${above}")
  file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}" "${view}/${name}" SYMBOLIC)

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.c)
  if(NOT sources)
    set(sources "${SN_EMPTY_SOURCE}")
  endif()
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} PUBLIC "${view}")
  foreach(layer IN LISTS ARGN)
    string(REPLACE "/" "_" library "sn_${layer}")
    target_link_libraries(${target} PUBLIC ${library})
  endforeach()
endfunction()
