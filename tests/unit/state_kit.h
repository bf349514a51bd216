/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_TESTS_UNIT_STATE_KIT_H
#define SN_TESTS_UNIT_STATE_KIT_H

/* A configuration and a state file in a folder of the test. */

#include "base/alloc.h"
#include "base/error.h"
#include "base/prng.h"
#include "conf/conf.h"
#include "conf/read/parse.h"
#include "conf/state/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEER "d05b8fec686cc4c148dd3835ef2daa4fad2f81bd"
#define TWO_GROUPS                                                                                 \
    "[sentinel]\nport = 1\nannounce-port = 7\n"                                                    \
    "[master a]\naddress = 127.0.0.1:6379\nquorum = 2\nauth-pass = old\n"                          \
    "[master b]\naddress = 127.0.0.1:6380\nquorum = 2\ndown-after-milliseconds = 5000\n"

static char folder[] = "/tmp/sn_state_XXXXXX";
static char conf_path[64];
static char state_path[64];

static inline void put_file(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    fclose(file);
}

static inline int try_load(const char *text, struct sn_conf *conf, struct sn_buf *error)
{
    put_file(conf_path, text, strlen(text));
    sn_buf_init(error, SIZE_MAX);
    return sn_conf_load(conf_path, 0, NULL, conf, error);
}

static inline void load(const char *text, struct sn_conf *conf)
{
    struct sn_buf error;
    if (try_load(text, conf, &error) < 0)
        fail_msg("%s", sn_buf_text(&error));
    sn_buf_fini(&error);
}

static inline void save(const struct sn_conf *conf)
{
    struct sn_buf out;
    sn_buf_init(&out, SIZE_MAX);
    assert_int_equal(sn_conf_render(conf, &conf->image, "", 0, &out), 0);
    put_file(state_path, out.data, out.len);
    sn_buf_fini(&out);
}

static inline void set(struct sn_group_params *params, enum sn_option option, const char *value,
                       int64_t number)
{
    struct sn_change change = {.option = option, .value = value, .number = number};
    sn_group_params_apply(params, &change);
}

static inline struct sn_addr address(const char *host, uint16_t port)
{
    struct sn_addr addr;
    assert_int_equal(sn_addr_make(host, port, &addr), 0);
    return addr;
}

static inline void assert_notice(const struct sn_conf *conf, const char *part)
{
    for (size_t i = 0; i < conf->notice_count; i++) {
        if (strstr(conf->notices[i], part) != NULL)
            return;
    }
    fail_msg("no notice says: %s", part);
}

static inline int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(conf_path, sizeof(conf_path), "%s/s.ini", folder);
    snprintf(state_path, sizeof(state_path), "%s/s.state", folder);
    return 0;
}

static inline int drop_files(void **state)
{
    char journal[128];
    (void)state;
    snprintf(journal, sizeof(journal), "%s.journal", state_path);
    unlink(conf_path);
    unlink(state_path);
    unlink(journal);
    return 0;
}

static inline int drop_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static inline void change_at_run_time(struct sn_conf *conf)
{
    struct sn_group_params *params = &conf->image.groups[0].params;
    struct sn_change rename = {.option = SN_OPTION_RENAME_COMMAND, .value = "GET", .to = "g;x"};
    struct sn_change port = {.option = SN_OPTION_ANNOUNCE_PORT, .value = "9", .number = 9};
    struct sn_change pass = {.option = SN_OPTION_SENTINEL_PASS, .value = "p w ;#\"\\"};
    struct sn_addr addr = address("127.0.0.1", 7000);

    set(params, SN_OPTION_AUTH_PASS, "new", 0);
    set(params, SN_OPTION_QUORUM, "", 5);
    set(params, SN_OPTION_DOWN_AFTER, "", 777);
    sn_group_params_apply(params, &rename);
    sn_globals_apply(&conf->image.globals, &port);
    sn_globals_apply(&conf->image.globals, &pass);
    sn_image_remove_group(&conf->image, 1);
    set(&sn_image_add_group(&conf->image, "c", &addr, 4)->params, SN_OPTION_PARALLEL_SYNCS, "", 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, drop_files, drop_files)

#endif
