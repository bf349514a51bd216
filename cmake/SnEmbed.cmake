# SPDX-License-Identifier: BSD-3-Clause
# Files as arrays of bytes in a C source, with nothing but CMake:
#   cmake -DSOURCES=a.html;b.css -DNAMES=sn_a;sn_b -DINCLUDE=x/y.h -DOUTPUT=out.c -P SnEmbed.cmake
# The header INCLUDE declares `extern const struct sn_page_file NAME;`.

set(text "/* Made by SnEmbed.cmake. */\n#include \"${INCLUDE}\"\n")
foreach(source name IN ZIP_LISTS SOURCES NAMES)
  file(READ "${source}" hex HEX)
  string(LENGTH "${hex}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND text
    "\nstatic const char ${name}_bytes[] = {${bytes}0};\n"
    "const struct sn_page_file ${name} = {${name}_bytes, ${size}};\n")
endforeach()
file(WRITE "${OUTPUT}" "${text}")
