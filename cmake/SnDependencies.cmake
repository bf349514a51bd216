# SPDX-License-Identifier: BSD-3-Clause
# Third-party libraries, as imported targets: SnDeps::uv, SnDeps::hiredis, SnDeps::inih,
# SnDeps::jansson, SnDeps::microhttpd, SnDeps::cmocka, OpenSSL::SSL, OpenSSL::Crypto.

find_package(PkgConfig REQUIRED)

option(SN_STATIC_LIBS "Link all libraries but OpenSSL statically where there are archives of them" OFF)

# sn_use_archives(imported-target): archives in place of the shared libraries among what it links.
function(sn_use_archives target)
  get_target_property(libraries ${target} INTERFACE_LINK_LIBRARIES)
  set(linked)
  set(needs)
  foreach(library IN LISTS libraries)
    get_filename_component(folder "${library}" DIRECTORY)
    get_filename_component(name "${library}" NAME_WE)
    # Debian calls the archive of libuv libuv_a.a.
    foreach(archive "${folder}/${name}.a" "${folder}/${name}_a.a")
      if(name MATCHES "^lib(uv|hiredis|inih|jansson|microhttpd)$" AND EXISTS "${archive}")
        set(library "${archive}")
      endif()
    endforeach()
    if(library MATCHES "libmicrohttpd\\.a$")
      set(needs gnutls) # its own TLS, which is not used
    endif()
    if(library MATCHES "\\.so$" AND name MATCHES "^lib(uv|hiredis|inih|jansson|microhttpd)")
      message(STATUS "No archive of ${name}: it stays shared")
    endif()
    list(APPEND linked "${library}")
  endforeach()
  list(APPEND linked ${needs} OpenSSL::SSL OpenSSL::Crypto pthread ${CMAKE_DL_LIBS})
  set_target_properties(${target} PROPERTIES INTERFACE_LINK_LIBRARIES "${linked}")
endfunction()

# sn_find_module(target specs...): SnDeps::<target> from pkg-config modules, or a named way out.
function(sn_find_module target)
  pkg_check_modules(SN_${target} QUIET IMPORTED_TARGET GLOBAL ${ARGN})
  if(NOT SN_${target}_FOUND)
    list(JOIN ARGN " " wanted)
    message(FATAL_ERROR "Not found by pkg-config: ${wanted}\n"
                        "Run scripts/deps (scripts/deps --build installs only what a build needs).")
  endif()
  if(SN_STATIC_LIBS)
    sn_use_archives(PkgConfig::SN_${target})
  endif()
  add_library(SnDeps::${target} ALIAS PkgConfig::SN_${target})
endfunction()

# Where the system's hiredis is older than 1.1, the static one that scripts/deps leaves in build/deps
# is used.
pkg_check_modules(SN_SYSTEM_HIREDIS QUIET hiredis>=1.1)
if(NOT SN_SYSTEM_HIREDIS_FOUND)
  set(sn_saved_path "$ENV{PKG_CONFIG_PATH}")
  set(ENV{PKG_CONFIG_PATH} "${PROJECT_SOURCE_DIR}/build/deps/lib/pkgconfig:${sn_saved_path}")
endif()
sn_find_module(hiredis hiredis>=1.1)
if(NOT SN_SYSTEM_HIREDIS_FOUND)
  set(ENV{PKG_CONFIG_PATH} "${sn_saved_path}")
endif()

sn_find_module(uv libuv>=1.34)
sn_find_module(inih inih)
sn_find_module(jansson jansson>=2.12)
sn_find_module(microhttpd libmicrohttpd>=0.9.71)
find_package(OpenSSL 1.1.1 REQUIRED)

find_path(SN_UTHASH_INCLUDE uthash.h)
if(NOT SN_UTHASH_INCLUDE)
  message(FATAL_ERROR "uthash.h not found. Run scripts/deps.")
endif()
include_directories(SYSTEM "${SN_UTHASH_INCLUDE}")

# Probes need a header and nothing at run time. Other systems have another one of that name.
set(SN_HAVE_SDT OFF)
if(SN_USDT AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
  include(CheckSymbolExists)
  if(NOT SN_SDT_MACRO)
    unset(SN_SDT_MACRO CACHE) # it may have been installed since
  endif()
  set(CMAKE_REQUIRED_QUIET ON)
  check_symbol_exists(DTRACE_PROBE2 sys/sdt.h SN_SDT_MACRO)
  unset(CMAKE_REQUIRED_QUIET)
  if(SN_SDT_MACRO)
    set(SN_HAVE_SDT ON)
  endif()
endif()
if(SN_USDT AND NOT SN_USDT STREQUAL "AUTO" AND NOT SN_HAVE_SDT)
  message(FATAL_ERROR "SN_USDT is ON, and there is no sys/sdt.h (Debian: systemtap-sdt-dev).")
endif()

if(SN_TESTS)
  sn_find_module(cmocka cmocka>=1.1)
endif()
