# SPDX-License-Identifier: BSD-3-Clause
# What belongs to the program besides itself, and where it is put: manual pages, completions, examples; for packages also
# units, a configuration file and rotation of the log.
#
# SN_PACKAGE: "" for `cmake --install` on this machine, "deb", "rpm", or "tarball" for an archive that is unpacked anywhere.

set(SN_PACKAGE "" CACHE STRING "Package that is made: deb, rpm, tarball, or none")
set_property(CACHE SN_PACKAGE PROPERTY STRINGS "" deb rpm tarball)
set(sn_made "${PROJECT_BINARY_DIR}/package")

# sn_install_compressed(source folder [name]): as FOLDER/NAME.gz, without the time or name of the source in it.
function(sn_install_compressed source folder)
  get_filename_component(name "${source}" NAME)
  if(ARGC GREATER 2)
    set(name "${ARGV2}")
  endif()
  set(compressed "${sn_made}/${name}.gz")
  add_custom_command(OUTPUT "${compressed}" COMMAND gzip -9nc "${source}" > "${compressed}" DEPENDS "${source}" VERBATIM)
  string(MAKE_C_IDENTIFIER "sn_compressed_${name}" target)
  add_custom_target(${target} ALL DEPENDS "${compressed}")
  install(FILES "${compressed}" DESTINATION "${folder}")
endfunction()

# sn_package_conf(output): the example as the first configuration of a package. It watches nothing until somebody says what,
# and refuses other machines until it has a password.
function(sn_package_conf output)
  file(READ "${PROJECT_SOURCE_DIR}/sentinel.conf.example" text)
  set(changes
    "\n#protected-mode no\n" "\nprotected-mode yes\n"
    "\n#logfile /var/log/sentineld.log\n" "\nlogfile /var/log/sentineld/sentineld.log\n"
    "\n#dir /\n" "\ndir /var/lib/sentineld\n"
    "\nsentinel monitor mymaster 127.0.0.1 6379 2\n" "\n#sentinel monitor mymaster 127.0.0.1 6379 2\n"
    "\nsentinel down-after-milliseconds mymaster 30000\n" "\n#sentinel down-after-milliseconds mymaster 30000\n"
    "\nsentinel failover-timeout mymaster 180000\n" "\n#sentinel failover-timeout mymaster 180000\n"
    "\nsentinel parallel-syncs mymaster 1\n" "\n#sentinel parallel-syncs mymaster 1\n")
  while(changes)
    list(POP_FRONT changes from to)
    string(FIND "${text}" "${from}" at)
    if(at EQUAL -1)
      string(STRIP "${from}" from)
      message(FATAL_ERROR "sentinel.conf.example has no line \"${from}\" any more, which cmake/SnInstall.cmake changes")
    endif()
    string(REPLACE "${from}" "${to}" text "${text}")
  endwhile()
  file(WRITE "${output}" "${text}")
endfunction()

foreach(page sentineld.8 sentineld.conf.5)
  string(REGEX MATCH "[0-9]$" section "${page}")
  set(folder "${CMAKE_INSTALL_MANDIR}/man${section}")
  if(SN_PACKAGE STREQUAL "deb")
    sn_install_compressed("${PROJECT_SOURCE_DIR}/contrib/man/${page}" "${folder}")
  else()
    install(FILES "${PROJECT_SOURCE_DIR}/contrib/man/${page}" DESTINATION "${folder}")
  endif()
endforeach()

set(sn_zsh_folder site-functions)
if(SN_PACKAGE STREQUAL "deb")
  set(sn_zsh_folder vendor-completions)
endif()
install(FILES contrib/completion/sentineld.bash DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" RENAME sentineld)
install(FILES contrib/completion/_sentineld DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/${sn_zsh_folder}")
install(FILES sentinel.conf.example sentinel.ini.example DESTINATION "${CMAKE_INSTALL_DOCDIR}/examples")

if(SN_PACKAGE)
  foreach(page COMPATIBILITY EVENTS HTTP KUBERNETES MIGRATING)
    if(EXISTS "${PROJECT_SOURCE_DIR}/docs/${page}.md")
      install(FILES "docs/${page}.md" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
    endif()
  endforeach()
  install(FILES README.md SECURITY.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")
  # Drop-ins for the units of stock sentinels.
  file(GLOB dropins "${PROJECT_SOURCE_DIR}/contrib/systemd/*.service.d")
  install(DIRECTORY ${dropins} DESTINATION "${CMAKE_INSTALL_DOCDIR}/examples/systemd")
  # Recipes for others' programs. None is run from there, so none is executable.
  foreach(recipe consul envoy grafana haproxy notify prometheus)
    install(DIRECTORY "contrib/${recipe}" DESTINATION "${CMAKE_INSTALL_DOCDIR}/examples")
  endforeach()
endif()
sn_package_conf("${sn_made}/sentinel.conf")

if(SN_PACKAGE STREQUAL "deb" OR SN_PACKAGE STREQUAL "rpm")
  install(FILES contrib/systemd/sentineld.service contrib/systemd/sentineld@.service DESTINATION "/usr/lib/systemd/system")
  install(FILES "${sn_made}/sentinel.conf" DESTINATION "/etc/sentineld")
  install(FILES contrib/logrotate/sentineld DESTINATION "/etc/logrotate.d")
  install(DIRECTORY DESTINATION "/var/lib/sentineld")
  install(DIRECTORY DESTINATION "/var/log/sentineld")
elseif(SN_PACKAGE STREQUAL "tarball")
  # Relative to where it is unpacked; README.md says what goes where.
  install(FILES contrib/systemd/sentineld.service contrib/systemd/sentineld@.service contrib/systemd/sentineld.sysusers
          DESTINATION "lib/systemd")
  install(FILES contrib/logrotate/sentineld DESTINATION "lib/logrotate")
  install(FILES "${sn_made}/sentinel.conf" DESTINATION "etc/sentineld")
  install(FILES LICENSE CHANGELOG.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")
endif()
if(SN_PACKAGE STREQUAL "rpm")
  install(FILES contrib/systemd/sentineld.sysusers DESTINATION "/usr/lib/sysusers.d" RENAME sentineld.conf)
endif()
