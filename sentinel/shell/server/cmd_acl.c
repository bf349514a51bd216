/* SPDX-License-Identifier: BSD-3-Clause */
/* The ACL subcommands (PROTOCOL.md §5.4). Changes go to the ACL file on ACL SAVE. Without an ACL
 * file they are saved with the state, and the command is answered afterwards. Deliberate difference
 * from stock, which saves them with its next save, whenever that is: a deleted user must not return
 * after a power loss. */

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "shell/server/accounts.h"
#include "shell/server/acl_load.h"
#include "shell/server/acl_log.h"
#include "shell/server/acl_work.h"
#include "shell/server/call.h"
#include "shell/server/client.h"
#include "shell/server/clients.h"
#include "shell/server/cmd.h"
#include "shell/server/cmd_sentinel.h"
#include "shell/server/parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#define GENPASS_BITS_MAX 4096
/* Of ACL SETUSER. */
#define SETUSER_RULES_MAX 1024
#define USER_WORDS_MAX    4096
#define USERS_MAX         4096

static const char no_acl_file[] =
    "This Redis instance is not configured to use an ACL file. You may want to specify users via "
    "the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis "
    "configuration file set) in order to store users in the Redis configuration.";

static void reply_bad_count(struct sn_call *call, const char *word)
{
    sn_resp_errorf(call->resp,
                   "unknown subcommand or wrong number of arguments for '%s'. Try ACL HELP.", word);
}

static struct sn_acl_user *find_user(const struct sn_call *call, size_t index)
{
    return sn_acl_find_bytes(&sn_server_accounts(call->server)->acl, call->argv[index],
                             call->lens[index]);
}

void sn_cmd_acl_whoami(struct sn_call *call)
{
    sn_resp_text(call->resp, call->client->user->name);
}

void sn_cmd_acl_users(struct sn_call *call)
{
    struct sn_acl *acl = &sn_server_accounts(call->server)->acl;

    sn_resp_array(call->resp, HASH_COUNT(acl->users));
    for (const struct sn_acl_user *user = acl->users; user; user = user->hh.next)
        sn_resp_text(call->resp, user->name);
}

void sn_cmd_acl_list(struct sn_call *call)
{
    struct sn_acl *acl = &sn_server_accounts(call->server)->acl;
    struct sn_buf line;

    sn_buf_init(&line, SN_CLIENT_OUTPUT_MAX);
    sn_resp_array(call->resp, HASH_COUNT(acl->users));
    for (const struct sn_acl_user *user = acl->users; user; user = user->hh.next) {
        sn_buf_clear(&line);
        sn_acl_describe(user, &line);
        sn_resp_bulk(call->resp, sn_buf_text(&line), line.len);
    }
    sn_buf_fini(&line);
}

static void reply_part(struct sn_call *call, const char *name, const struct sn_acl_user *user,
                       void (*describe)(const struct sn_acl_user *user, struct sn_buf *out))
{
    struct sn_buf text;

    sn_buf_init(&text, SN_CLIENT_OUTPUT_MAX);
    describe(user, &text);
    sn_resp_text(call->resp, name);
    sn_resp_bulk(call->resp, sn_buf_text(&text), text.len);
    sn_buf_fini(&text);
}

static void reply_rights(struct sn_call *call, const struct sn_acl_user *user)
{
    reply_part(call, "commands", user, sn_acl_describe_commands);
    reply_part(call, "keys", user, sn_acl_describe_keys);
    reply_part(call, "channels", user, sn_acl_describe_channels);
}

static void reply_selectors(struct sn_call *call, const struct sn_acl_user *user)
{
    const struct sn_acl_user *selector;
    int count = 0;

    DL_COUNT(user->selectors, selector, count);
    sn_resp_array(call->resp, (size_t)count);
    DL_FOREACH(user->selectors, selector) {
        sn_resp_map(call->resp, 3);
        reply_rights(call, selector);
    }
}

void sn_cmd_acl_getuser(struct sn_call *call)
{
    const struct sn_acl_user *user = find_user(call, 2);
    const struct sn_acl_word *word;
    struct sn_resp *resp = call->resp;
    int passwords = 0;

    if (!user) {
        sn_resp_null(resp);
        return;
    }
    sn_resp_map(resp, 6);
    sn_resp_text(resp, "flags");
    sn_resp_set(resp, user->nopass ? 3 : 2);
    sn_resp_text(resp, user->enabled ? "on" : "off");
    if (user->nopass)
        sn_resp_text(resp, "nopass");
    sn_resp_text(resp, user->no_sanitize ? "skip-sanitize-payload" : "sanitize-payload");
    sn_resp_text(resp, "passwords");
    DL_COUNT(user->passwords, word, passwords);
    sn_resp_array(resp, (size_t)passwords);
    DL_FOREACH(user->passwords, word)
        sn_resp_text(resp, word->text);
    reply_rights(call, user);
    sn_resp_text(resp, "selectors");
    reply_selectors(call, user);
}

static bool has_all_channels_of(const struct sn_acl_user *user, const struct sn_client *client)
{
    /* A change of channel rights ends all subscriptions of the user, unless everything is allowed:
     * that is stricter than stock, and never leaves a forbidden one. */
    return user->all_channels || !sn_client_subscribed(client);
}

/* Closes the connections of user whose subscriptions it may no longer have. */
static void drop_listeners(struct sn_call *call, const struct sn_acl_user *user)
{
    struct sn_client *client;

    DL_FOREACH(sn_server_clients(call->server)->all, client) {
        if (client->user == user && !has_all_channels_of(user, client))
            sn_accounts_drop(call->client, client);
    }
}

/* Closes the connections of users that are being deleted. */
static void drop_leaving(struct sn_call *call)
{
    struct sn_client *client;

    DL_FOREACH(sn_server_clients(call->server)->all, client) {
        if (!client->user->leaving)
            continue;
        client->user = sn_server_accounts(call->server)->acl.standard;
        client->authenticated = false;
        sn_accounts_drop(call->client, client);
    }
}

/* The rules of call as text. A password with a NUL byte becomes the rule with its hash; any other
 * rule with a NUL byte is an error, and bad_at is its index. Free the texts in `made`. */
struct rules {
    char **items;
    struct sn_buf *made;
    size_t count;
    size_t bad_at; /* 0: all are good */
};

static struct rules take_rules(const struct sn_call *call, size_t from)
{
    struct rules rules = {.count = call->argc - from};

    rules.items = sn_alloc_array(rules.count + 1, sizeof(*rules.items));
    rules.made = sn_alloc_array(rules.count + 1, sizeof(*rules.made));
    for (size_t i = 0; i < rules.count; i++) {
        char hash[SN_ACL_HASH_LEN + 2], *rule = call->argv[from + i];
        rules.items[i] = rule;
        if (sn_call_is_text(call, from + i))
            continue;
        if (rule[0] != '>' && rule[0] != '<') {
            rules.bad_at = rules.bad_at ? rules.bad_at : from + i;
            continue;
        }
        sn_acl_hash_rule(rule + 1, call->lens[from + i] - 1, rule[0] == '<', hash);
        sn_buf_init(&rules.made[i], sizeof(hash));
        sn_buf_puts(&rules.made[i], hash);
        rules.items[i] = rules.made[i].data;
    }
    return rules;
}

static void free_rules(struct rules *rules)
{
    for (size_t i = 0; i < rules->count; i++)
        sn_buf_fini(&rules->made[i]);
    free(rules->made);
    free(rules->items);
}

/* Files have no such limit, but commands must neither block the process nor exhaust its memory.
 * True: the error is in the reply. */
static bool has_too_much(struct sn_call *call)
{
    const struct sn_acl_user *user = find_user(call, 2);
    size_t rules = call->argc - 3;

    if (rules <= SETUSER_RULES_MAX &&
        (user ? sn_acl_count_words(user) + rules <= USER_WORDS_MAX
              : HASH_COUNT(sn_server_accounts(call->server)->acl.users) < USERS_MAX))
        return false;
    sn_resp_errorf(call->resp,
                   "Too much for ACL SETUSER: at most %d rules at once, %d of one user, and %d "
                   "users. Use an ACL file",
                   SETUSER_RULES_MAX, USER_WORDS_MAX, USERS_MAX);
    return true;
}

/* A change of users is answered when it is saved; an ACL file is written on ACL SAVE only
 * (PROTOCOL.md §5.4). */
void sn_cmd_acl_setuser(struct sn_call *call)
{
    struct sn_acl *acl = &sn_server_accounts(call->server)->acl;
    struct sn_buf error;

    if (sn_text_has_control(call->argv[2], call->lens[2]) || strchr(call->argv[2], ' ') ||
        call->lens[2] == 0) {
        sn_resp_error(call->resp, "Usernames can't contain spaces or null characters");
        return;
    }
    if (has_too_much(call))
        return;
    struct rules rules = take_rules(call, 3);
    sn_buf_init(&error, 4096);
    if (rules.bad_at > 0) {
        sn_resp_errorf(call->resp, "Error in ACL SETUSER modifier '%.128s': Syntax error",
                       call->argv[rules.bad_at]);
    } else if (sn_acl_set_user(acl, call->argv[2], rules.count, rules.items, &error) != 0) {
        sn_resp_error(call->resp, sn_buf_text(&error));
    } else {
        drop_listeners(call, sn_acl_find(acl, call->argv[2]));
        sn_server_accounts(call->server)->changed = true;
        if (sn_server_env(call->server)->settings->aclfile)
            sn_resp_status(call->resp, "OK");
        else
            sn_cmd_save(call, NULL);
    }
    free_rules(&rules);
    sn_buf_fini(&error);
}

void sn_cmd_acl_deluser(struct sn_call *call)
{
    struct sn_acl *acl = &sn_server_accounts(call->server)->acl;
    int64_t deleted = 0;

    for (size_t i = 2; i < call->argc; i++) {
        if (find_user(call, i) == acl->standard) {
            sn_resp_error(call->resp, "The 'default' user cannot be removed");
            return;
        }
    }
    for (size_t i = 2; i < call->argc; i++) {
        struct sn_acl_user *user = find_user(call, i);
        if (user && !user->leaving) {
            user->leaving = true;
            deleted++;
        }
    }
    if (deleted > 0)
        drop_leaving(call);
    for (size_t i = 2; i < call->argc && deleted > 0; i++) {
        struct sn_acl_user *user = find_user(call, i);
        if (user)
            sn_acl_delete_user(acl, user);
    }
    if (deleted > 0)
        sn_server_accounts(call->server)->changed = true;
    if (deleted == 0 || sn_server_env(call->server)->settings->aclfile)
        sn_resp_integer(call->resp, deleted);
    else
        sn_cmd_save(call, &deleted);
}

void sn_cmd_acl_cat(struct sn_call *call)
{
    enum sn_category category;
    char name[SN_SPEC_NAME_MAX + 1];
    size_t count = 0;

    if (call->argc > 3) {
        reply_bad_count(call, "CAT");
        return;
    }
    if (call->argc == 2) {
        sn_resp_array(call->resp, SN_CAT_COUNT);
        for (int i = 0; i < SN_CAT_COUNT; i++)
            sn_resp_text(call->resp, sn_category_name((enum sn_category)i));
        return;
    }
    if (!sn_call_is_text(call, 2) || sn_category_find(call->argv[2], &category) != 0) {
        sn_resp_errorf(call->resp, "Unknown category '%.128s'", call->argv[2]);
        return;
    }
    for (size_t i = 0; i < sn_specs_count; i++)
        count += (sn_specs[i].categories >> category) & 1;
    sn_resp_array(call->resp, count);
    for (size_t i = 0; i < sn_specs_count; i++) {
        if (((sn_specs[i].categories >> category) & 1) == 0)
            continue;
        sn_spec_full_name(&sn_specs[i], name);
        sn_resp_text(call->resp, name);
    }
}

void sn_cmd_acl_dryrun(struct sn_call *call)
{
    const struct sn_acl_user *user = find_user(call, 2);
    const struct sn_spec *spec = sn_call_is_text(call, 3) ? sn_specs_find(call->argv[3]) : NULL;
    char name[SN_SPEC_NAME_MAX + 1], text[256];
    const char *denied = NULL;
    size_t argc = call->argc - 3;

    if (!user) {
        sn_resp_errorf(call->resp, "User '%.128s' not found", call->argv[2]);
        return;
    }
    if (spec && sn_spec_is_container(spec) && argc > 1)
        spec = sn_call_is_text(call, 4) ? sn_specs_find_sub(spec->name, call->argv[4]) : NULL;
    if (!spec) {
        sn_resp_errorf(call->resp, "Command '%.128s' not found", call->argv[3]);
        return;
    }
    sn_spec_full_name(spec, name);
    if (!sn_spec_arity_fits(spec, argc)) {
        sn_resp_errorf(call->resp, "wrong number of arguments for '%s' command", name);
        return;
    }
    switch (sn_acl_may_run(user, spec, argc, call->argv + 3, call->lens + 3, &denied)) {
    case SN_ACL_DENIED_COMMAND:
        snprintf(text, sizeof(text), "User %.100s has no permissions to run the '%s' command",
                 user->name, name);
        sn_resp_text(call->resp, text);
        break;
    case SN_ACL_DENIED_CHANNEL:
        snprintf(text, sizeof(text), "User %.100s has no permissions to access the '%.64s' channel",
                 user->name, denied);
        sn_resp_text(call->resp, text);
        break;
    case SN_ACL_NONE:
    case SN_ACL_ALLOWED:
        sn_resp_status(call->resp, "OK");
        break;
    }
}

void sn_cmd_acl_genpass(struct sn_call *call)
{
    unsigned char random[GENPASS_BITS_MAX / 8];
    char text[2 * sizeof(random) + 1];
    int64_t bits = 256;

    if (call->argc > 3) {
        reply_bad_count(call, "GENPASS");
        return;
    }
    if (call->argc == 3 && sn_call_integer(call, 2, &bits) != 0) {
        sn_resp_error(call->resp, "value is not an integer or out of range");
        return;
    }
    if (bits <= 0 || bits > GENPASS_BITS_MAX) {
        sn_resp_error(call->resp, "ACL GENPASS argument must be the number of bits for the output "
                                  "password, a positive number up to 4096");
        return;
    }
    if (uv_random(NULL, NULL, random, sizeof(random), 0, NULL) != 0) {
        sn_resp_error(call->resp, "the system gives no random numbers");
        return;
    }
    for (size_t i = 0; i < sizeof(random); i++)
        snprintf(text + 2 * i, 3, "%02x", random[i]);
    sn_resp_bulk(call->resp, text, (size_t)(bits + 3) / 4); /* four bits a digit */
}

static void order(struct sn_call *call, bool is_save)
{
    if (sn_server_env(call->server)->settings->aclfile)
        sn_accounts_order(call->client, call->muted, is_save);
    else
        sn_resp_error(call->resp, no_acl_file);
}

void sn_cmd_acl_load(struct sn_call *call)
{
    order(call, false);
}

/* PROTOCOL.md §5.4. */
void sn_cmd_acl_save(struct sn_call *call)
{
    order(call, true);
}

void sn_cmd_acl_log(struct sn_call *call)
{
    int64_t count = 0;

    if (call->argc > 3) {
        reply_bad_count(call, "LOG");
    } else if (call->argc == 3 && sn_call_word_is(call, 2, "reset")) {
        sn_acl_log_clear(&sn_server_accounts(call->server)->log);
        sn_resp_status(call->resp, "OK");
    } else if (call->argc == 3 && sn_call_integer(call, 2, &count) != 0) {
        sn_resp_error(call->resp, "value is not an integer or out of range");
    } else {
        size_t most = call->argc == 3 ? (size_t)(count > 0 ? count : 0) : SN_ACL_LOG_SHOWN;
        sn_acl_log_reply(&sn_server_accounts(call->server)->log, sn_server_now(call->server), most,
                         call->resp);
    }
}

void sn_cmd_acl_help(struct sn_call *call)
{
    static const char *const lines[] = {
        "CAT [<category>]",
        "    List all categories, or the commands of one.",
        "DELUSER <username> [<username> ...]",
        "    Remove users and close their connections.",
        "DRYRUN <username> <command> [<arg> ...]",
        "    Tell whether a user may run a command, without running it.",
        "GENPASS [<bits>]",
        "    Make a random password of 256 (or so many) bits.",
        "GETUSER <username>",
        "    Show the rules of a user.",
        "LIST",
        "    Show all users as lines of a configuration file.",
        "LOAD",
        "    Read the ACL file again.",
        "LOG [<count> | RESET]",
        "    Show the latest refused commands and logins, or forget them.",
        "SAVE",
        "    Write the users to the ACL file.",
        "SETUSER <username> <rule> [<rule> ...]",
        "    Make or change a user; it is saved with the state, unless there is an ACL file.",
        "USERS",
        "    List the names of all users.",
        "WHOAMI",
        "    Name the user of this connection.",
    };

    sn_call_reply_help(call, "ACL", lines, sizeof(lines) / sizeof(lines[0]));
}
