/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_TESTS_SHELL_DOCTOR_KIT_H
#define SN_TESTS_SHELL_DOCTOR_KIT_H

/* A core that is looked at by the doctor, for tests of single checks. */

#include "core_kit.h"

#include "shell/report/doctor.h"

#define WELL "m1 n1 quorum 2 down-after 5000 replicas n2,n3 peers a,b"

static size_t doctor_switches; /* of every group in the last hour */

static inline size_t count_switches(const void *arg, const char *group)
{
    (void)arg;
    (void)group;
    return doctor_switches;
}

static inline struct sn_doctor_facts facts_of(const struct kit *kit)
{
    return (struct sn_doctor_facts){.core = kit->core,
                                    .now = kit->now,
                                    .clients = 1,
                                    .clients_max = 10000,
                                    .count_switches = count_switches};
}

/* A kit whose groups are well, after their first ten seconds. */
static inline struct kit *kit_well(const char *text)
{
    struct kit *kit = kit_new(text);
    kit_node(kit, "n1")->keeps_replicas = true;
    kit_to(kit, 20050);
    return kit;
}

/* "critical refused n2\nadvice tilt\n": of group; NULL: of all. */
static inline void list_findings(struct kit *kit, const struct sn_doctor_facts *facts,
                                 const char *group, struct sn_buf *out)
{
    json_t *json = sn_doctor_json(facts, group == NULL ? NULL : kit_group(kit, group));
    size_t i;
    const json_t *finding;
    json_array_foreach(json_object_get(json, "findings"), i, finding)
    {
        const json_t *about = json_object_get(finding, "about");
        sn_buf_printf(out, "%s %s", json_string_value(json_object_get(finding, "severity")),
                      json_string_value(json_object_get(finding, "check")));
        if (!json_is_null(about))
            sn_buf_printf(out, " %s:%d", json_string_value(json_object_get(about, "host")),
                          (int)json_integer_value(json_object_get(about, "port")));
        sn_buf_putc(out, '\n');
        assert_true(json_string_length(json_object_get(finding, "found")) > 10);
        assert_true(json_string_length(json_object_get(finding, "remedy")) > 10);
    }
    json_decref(json);
}

static inline void expect_of(struct kit *kit, const struct sn_doctor_facts *facts,
                             const char *expected)
{
    struct sn_buf found;
    sn_buf_init(&found, SIZE_MAX);
    list_findings(kit, facts, NULL, &found);
    assert_string_equal(sn_buf_text(&found), expected);
    sn_buf_fini(&found);
}

static inline void expect(struct kit *kit, const char *expected)
{
    struct sn_doctor_facts facts = facts_of(kit);
    expect_of(kit, &facts, expected);
}

#endif
