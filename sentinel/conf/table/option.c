/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/table/option.h"

#include "base/alloc.h"
#include "base/error.h"
#include "conf/read/loader.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void take_text(struct sn_setting_words *words, const char *text)
{
    if (text != NULL)
        sn_list_take(words, sn_strdup(text));
}

static void take_number(struct sn_setting_words *words, int64_t number)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRId64, number);
    take_text(words, text);
}

static void take_yesno(struct sn_setting_words *words, bool yes)
{
    take_text(words, yes ? "yes" : "no");
}

static void take_renames(struct sn_setting_words *words, const struct sn_group_params *params)
{
    for (size_t i = 0; i < params->rename_count; i++) {
        take_text(words, params->renames[i].from);
        take_text(words, params->renames[i].to);
    }
}

void sn_option_get(enum sn_option option, const struct sn_globals *globals,
                   const struct sn_group_params *params, struct sn_setting_words *words)
{
    *words = (struct sn_setting_words){0};
    switch (option) {
    case SN_OPTION_NONE:
        return;
    case SN_OPTION_DOWN_AFTER:
        take_number(words, params->down_after_ms);
        return;
    case SN_OPTION_FAILOVER_TIMEOUT:
        take_number(words, params->failover_timeout_ms);
        return;
    case SN_OPTION_PARALLEL_SYNCS:
        take_number(words, params->parallel_syncs);
        return;
    case SN_OPTION_QUORUM:
        take_number(words, params->quorum);
        return;
    case SN_OPTION_NOTIFICATION_SCRIPT:
        take_text(words, params->notification_script);
        return;
    case SN_OPTION_CLIENT_RECONFIG_SCRIPT:
        take_text(words, params->client_reconfig_script);
        return;
    case SN_OPTION_AUTH_PASS:
        take_text(words, params->auth_pass);
        return;
    case SN_OPTION_AUTH_USER:
        take_text(words, params->auth_user);
        return;
    case SN_OPTION_RENAME_COMMAND:
        take_renames(words, params);
        return;
    case SN_OPTION_REBOOT_DOWN_AFTER:
        take_number(words, params->reboot_down_after_ms);
        return;
    case SN_OPTION_RESOLVE_HOSTNAMES:
        take_yesno(words, globals->resolve_hostnames);
        return;
    case SN_OPTION_ANNOUNCE_HOSTNAMES:
        take_yesno(words, globals->announce_hostnames);
        return;
    case SN_OPTION_ANNOUNCE_IP:
        take_text(words, globals->announce_ip);
        return;
    case SN_OPTION_ANNOUNCE_PORT:
        take_number(words, globals->announce_port);
        return;
    case SN_OPTION_SENTINEL_USER:
        take_text(words, globals->sentinel_user);
        return;
    case SN_OPTION_SENTINEL_PASS:
        take_text(words, globals->sentinel_pass);
        return;
    case SN_OPTION_DENY_SCRIPTS_RECONFIG:
        take_yesno(words, globals->deny_scripts_reconfig);
        return;
    }
}

static int set_renames(const struct sn_setting_words *words, struct sn_group_params *params)
{
    if (words->count % 2 != 0)
        return SN_EINVAL;
    while (params->rename_count > 0) {
        const char *from = params->renames[0].from;
        struct sn_change undo = {.option = SN_OPTION_RENAME_COMMAND, .value = from, .to = from};
        sn_group_params_apply(params, &undo);
    }
    for (size_t i = 0; i < words->count; i += 2) {
        struct sn_change change = {.option = SN_OPTION_RENAME_COMMAND,
                                   .value = words->items[i],
                                   .to = words->items[i + 1]};
        sn_group_params_apply(params, &change);
    }
    return 0;
}

int sn_option_set(enum sn_option option, const struct sn_setting_words *words,
                  struct sn_globals *globals, struct sn_group_params *params)
{
    const struct sn_directive *directive = sn_directive_of_option(option);
    struct sn_change change = {.option = option, .value = ""};

    if (option == SN_OPTION_RENAME_COMMAND)
        return set_renames(words, params);
    if (words->count > 1 ||
        (words->count == 0 && directive->kind != SN_VALUE_TEXT &&
         directive->kind != SN_VALUE_HOST && directive->kind != SN_VALUE_SCRIPT))
        return SN_EINVAL;
    if (words->count == 1)
        change.value = words->items[0];
    if (sn_value_parse(directive, change.value, &change.number) < 0)
        return SN_EINVAL;
    if (directive->scope == SN_SCOPE_GROUP)
        sn_group_params_apply(params, &change);
    else
        sn_globals_apply(globals, &change);
    return 0;
}

bool sn_option_is_default(enum sn_option option, const struct sn_setting_words *words)
{
    const struct sn_directive *directive = sn_directive_of_option(option);
    if (directive->fallback == NULL)
        return words->count == 0;
    return words->count == 1 && strcmp(words->items[0], directive->fallback) == 0;
}

bool sn_list_equal(const struct sn_setting_words *a, const struct sn_setting_words *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    }
    return true;
}
