# SPDX-License-Identifier: BSD-3-Clause
# CPack: a package for Debian, or an archive of the program. scripts/package calls it.

set(SN_PACKAGE_RELEASE 1 CACHE STRING "Release of the package: how often this version was packaged")
set(SN_PACKAGE_SUFFIX "" CACHE STRING "Behind the release, so that the package of a newer distribution is newer: ~deb12")
set(SN_PACKAGE_DISTRIBUTION unstable CACHE STRING "Distribution that changelog.Debian names")
set(SN_PACKAGE_MAINTAINER "The sentineld authors <sentineld@localhost>" CACHE STRING "Whoever answers for the package: name <address>")

set(CPACK_PACKAGE_NAME sentineld)
set(CPACK_PACKAGE_VENDOR "The sentineld authors")
set(CPACK_PACKAGE_CONTACT "${SN_PACKAGE_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "supervisor of Redis and Valkey groups, compatible with Sentinel")
set(CPACK_PACKAGE_DIRECTORY "${PROJECT_BINARY_DIR}")
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 1)

if(SN_PACKAGE STREQUAL "deb")
  # CMake reads SOURCE_DATE_EPOCH, if it is set.
  set(ENV{LC_ALL} C)
  string(TIMESTAMP SN_PACKAGE_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
  set(SN_PACKAGE_VERSION "${PROJECT_VERSION}-${SN_PACKAGE_RELEASE}${SN_PACKAGE_SUFFIX}")
  configure_file(contrib/debian/changelog.in "${sn_made}/changelog.Debian" @ONLY)
  sn_install_compressed("${sn_made}/changelog.Debian" "${CMAKE_INSTALL_DOCDIR}")
  sn_install_compressed("${PROJECT_SOURCE_DIR}/CHANGELOG.md" "${CMAKE_INSTALL_DOCDIR}" changelog)
  install(FILES contrib/debian/copyright DESTINATION "${CMAKE_INSTALL_DOCDIR}")
  set(SN_PACKAGE_OVERRIDES)
  if(SN_PACKAGE_MAINTAINER MATCHES "@localhost>$")
    string(APPEND SN_PACKAGE_OVERRIDES
           "# Packages that nobody publishes have no maintainer; `scripts/package deb --maintainer` names one.\n"
           "sentineld: bogus-mail-host *\nsentineld: bogus-mail-host-in-debian-changelog *\n")
  endif()
  if(SN_PACKAGE_DISTRIBUTION STREQUAL "bookworm") # later ones do not know the tag
    string(APPEND SN_PACKAGE_OVERRIDES
           "# Only systemd starts it at boot. For other init systems there are `daemonize` and `pidfile`.\n"
           "sentineld: package-supports-alternative-init-but-no-init.d-script *\n")
  endif()
  configure_file(contrib/debian/lintian-overrides.in "${sn_made}/lintian-overrides" @ONLY)
  install(FILES "${sn_made}/lintian-overrides" DESTINATION "${CMAKE_INSTALL_DATADIR}/lintian/overrides" RENAME sentineld)

  set(CPACK_GENERATOR DEB)
  set(CPACK_PACKAGING_INSTALL_PREFIX "/usr")
  set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
  set(CPACK_DEBIAN_PACKAGE_RELEASE "${SN_PACKAGE_RELEASE}${SN_PACKAGE_SUFFIX}")
  set(CPACK_DEBIAN_PACKAGE_SECTION database)
  set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser")
  set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "logrotate")
  set(CPACK_DEBIAN_PACKAGE_SUGGESTS "redis-tools | valkey-tools")
  set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Watches groups of one Redis or Valkey master and its replicas, agrees with
other sentinels that a master is down, promotes the best replica, and tells
clients where the master is.
.
It takes the place of redis-sentinel and valkey-sentinel: it reads the same
configuration file, answers the same commands, and forms one quorum with them.")
  set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
  set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    "${PROJECT_SOURCE_DIR}/contrib/debian/conffiles" "${PROJECT_SOURCE_DIR}/contrib/debian/postinst"
    "${PROJECT_SOURCE_DIR}/contrib/debian/prerm" "${PROJECT_SOURCE_DIR}/contrib/debian/postrm")
else()
  set(CPACK_GENERATOR TGZ)
  set(CPACK_PACKAGING_INSTALL_PREFIX "/")
  string(TOLOWER "${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}" platform)
  set(CPACK_PACKAGE_FILE_NAME "sentineld-${PROJECT_VERSION}-${platform}")
endif()

include(CPack)
