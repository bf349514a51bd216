/* SPDX-License-Identifier: BSD-3-Clause */

/* Parses the input as INFO text and checks what the header promises of every result. */

#include "base/addr.h"
#include "base/text.h"
#include "wire/info.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool promise)
{
    if (!promise)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sn_info info;

    sn_info_parse((const char *)data, size, &info);
    demand(info.runid.hex[0] == '\0' || sn_text_is_runid(info.runid.hex));
    demand(info.replica_count <= SN_INFO_REPLICAS_MAX);
    demand(info.role == SN_ROLE_MASTER || !info.has_master_offset);
    demand(info.link_down_ms >= 0 && info.link_down_ms < SN_MS_NEVER / 2);
    demand(info.has_master_host == (info.master_host[0] != '\0'));
    demand(info.has_master_port == (info.master_port != 0));
    demand(!info.has_master_host || sn_addr_host_valid(info.master_host));
    for (size_t i = 0; i < info.replica_count; i++) {
        demand(sn_addr_host_valid(info.replicas[i].host));
        demand(info.replicas[i].port != 0);
    }
    sn_info_fini(&info);
    return 0;
}
