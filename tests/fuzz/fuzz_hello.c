/* SPDX-License-Identifier: BSD-3-Clause */

/* Whatever is read as a hello must be written back as the very same bytes, but for epochs that are
 * no number of 64 bits: they have become the highest one. */

#include "base/addr.h"
#include "base/text.h"
#include "wire/hello.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool promise)
{
    if (!promise)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sn_hello hello;
    char out[SN_HELLO_MAX + 1];

    int rc = sn_hello_parse((const char *)data, size, &hello);
    demand((rc == 0) == (hello.bad == 0));
    demand(!sn_text_has_control(hello.bad_text, strlen(hello.bad_text)));
    demand(!sn_hello_names_sender(&hello) ||
           (sn_addr_host_valid(hello.ip) && hello.port != 0 && sn_text_is_runid(hello.runid.hex) &&
            hello.master_name[0] != '\0'));
    if (rc != 0)
        return 0;
    demand(sn_addr_host_valid(hello.ip) && sn_addr_host_valid(hello.master_ip));
    demand(sn_text_is_runid(hello.runid.hex));
    demand(hello.port != 0 && hello.master_port != 0);
    demand(hello.master_name[0] != '\0');
    demand(sn_hello_format(&hello, out, sizeof(out)) == 0);
    if (hello.current_epoch == UINT64_MAX || hello.master_config_epoch == UINT64_MAX)
        return 0;
    demand(strlen(out) == size && memcmp(out, data, size) == 0);
    return 0;
}
