/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/rescue/facts.h"

#include "base/alloc.h"
#include "shell/report/json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NAME_MAX_BYTES 100 /* of a group's name in a file's name */

void sn_rescue_facts_fini(struct sn_rescue_facts *facts)
{
    free(facts->group);
    free(facts->host);
}

static void now_text(char out[32])
{
    time_t seconds = time(NULL);
    struct tm parts;

    (void)gmtime_r(&seconds, &parts);
    if (strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        out[0] = '\0';
}

char *sn_rescue_facts_json(const struct sn_rescue_facts *facts, const char *reason)
{
    const struct sn_tail_facts *tail = &facts->tail;
    json_t *value = json_object();
    char at[32];

    now_text(at);
    json_object_set_new(value, "group", sn_json_text(facts->group));
    json_object_set_new(value, "epoch", json_integer((json_int_t)facts->epoch));
    json_object_set_new(value, "host", sn_json_text(facts->host));
    json_object_set_new(value, "port", json_integer(facts->port));
    json_object_set_new(value, "rescued_at", json_string(at));
    json_object_set_new(value, "complete", json_boolean(reason[0] == '\0'));
    if (reason[0] != '\0')
        json_object_set_new(value, "reason", sn_json_text(reason));
    json_object_set_new(value, "replication_id", json_string(facts->replid.hex));
    json_object_set_new(value, "first_offset", json_integer((json_int_t)facts->parted_at));
    json_object_set_new(value, "end_offset", json_integer((json_int_t)facts->end));
    json_object_set_new(value, "bytes", json_integer((json_int_t)(facts->end - facts->parted_at)));
    json_object_set_new(value, "writes", json_integer((json_int_t)tail->writes));
    json_object_set_new(value, "left_out", json_integer((json_int_t)tail->left_out));
    json_object_set_new(value, "database", json_integer(tail->database));
    json_object_set_new(value, "database_known",
                        json_boolean(tail->database_from == SN_TAIL_DATABASE_READ));
    json_object_set_new(value, "clients_paused", json_boolean(facts->paused));
    char *text = json_dumps(value, JSON_INDENT(2));
    json_decref(value);
    if (text == NULL)
        abort(); /* out of memory, see base/alloc.h */
    size_t len = strlen(text);
    text = sn_realloc(text, len + 2);
    memcpy(text + len, "\n", 2);
    return text;
}

void sn_rescue_facts_stem(const struct sn_rescue_facts *facts, char *out, size_t size)
{
    char group[NAME_MAX_BYTES + 1];
    size_t len = 0;

    for (const char *byte = facts->group; *byte != '\0' && len < NAME_MAX_BYTES; byte++) {
        bool plain = (*byte >= 'a' && *byte <= 'z') || (*byte >= 'A' && *byte <= 'Z') ||
                     (*byte >= '0' && *byte <= '9') || *byte == '_' || *byte == '-' ||
                     (*byte == '.' && len > 0);
        group[len++] = *byte;
        if (!plain)
            group[len - 1] = '_';
    }
    group[len] = '\0';
    snprintf(out, size, "%s-%" PRIu64 "-%.64s-%u", group, facts->epoch, facts->host,
             (unsigned)facts->port);
}
