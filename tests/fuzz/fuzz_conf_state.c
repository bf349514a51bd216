/* SPDX-License-Identifier: BSD-3-Clause */

/* Reads the input as a state file: as it is, and, so that more than the checksum is reached, with a
 * right version and checksum around it. What is accepted merges, and is stable when it is saved
 * again. */

#include "base/alloc.h"
#include "base/error.h"
#include "base/prng.h"
#include "conf/conf.h"
#include "conf/read/parse.h"
#include "conf/state/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char configured[] = "[sentinel]\nannounce-port = 7\n"
                                 "[master a]\naddress = 127.0.0.1:1\nquorum = 2\nauth-pass = x\n"
                                 "[master b]\naddress = 127.0.0.1:2\nquorum = 1\n";

/* Merges what text says into the configuration and saves the result. False if it is refused. */
static bool round_trip(const char *text, size_t len, struct sn_buf *saved)
{
    struct sn_conf conf;
    struct sn_state state;
    struct sn_buf problem;

    sn_buf_init(&problem, SIZE_MAX);
    sn_buf_init(saved, SIZE_MAX);
    bool ok = sn_state_parse(text, len, &state, &problem) == 0;
    if (!ok && problem.len == 0)
        abort();
    sn_buf_clear(&problem);
    if (ok) {
        if (sn_conf_parse("conf", configured, strlen(configured), 0, NULL, false, &conf, &problem) <
            0)
            abort();
        conf.path = sn_strdup("conf");
        sn_image_fini(&conf.base);
        sn_image_copy(&conf.image, &conf.base);
        sn_state_merge(&state, &conf);
        if (sn_conf_render(&conf, &conf.image, "", 0, saved) < 0)
            abort();
        sn_conf_fini(&conf);
    }
    sn_state_fini(&state);
    sn_buf_fini(&problem);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sn_buf text, once, twice;

    sn_buf_init(&text, SIZE_MAX);
    sn_buf_append(&text, data, size);
    round_trip(sn_buf_text(&text), text.len, &once);
    sn_buf_fini(&once);

    sn_buf_clear(&text);
    sn_buf_puts(&text, "; x\nversion = 1\n");
    sn_buf_append(&text, data, size);
    sn_buf_puts(&text, "\n[end]\n");
    sn_buf_printf(&text, "checksum = %016" PRIx64 "\n",
                  sn_hash_bytes(SN_HASH_START, text.data, text.len));
    if (round_trip(sn_buf_text(&text), text.len, &once)) {
        if (!round_trip(sn_buf_text(&once), once.len, &twice) ||
            strcmp(sn_buf_text(&once), sn_buf_text(&twice)) != 0)
            abort();
        sn_buf_fini(&twice);
    }
    sn_buf_fini(&once);
    sn_buf_fini(&text);
    return 0;
}
