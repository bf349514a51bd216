/* SPDX-License-Identifier: BSD-3-Clause */

/* Runs the checks and shows what they find, the worst first. */

#include "shell/report/doctor.h"

#include "shell/report/doctor_check.h"
#include "shell/report/json.h"
#include "shell/report/phrase.h"

#define ALL_WELL       "Nothing wrong that this sentinel can see."
#define GROUPS_IN_FULL 3
#define NAMES_MAX      10

static const char *const severity_words[] = {[SN_SEVERITY_NONE] = "none",
                                             [SN_SEVERITY_CRITICAL] = "critical",
                                             [SN_SEVERITY_WARNING] = "warning",
                                             [SN_SEVERITY_ADVICE] = "advice"};
static const char *const severity_labels[] = {[SN_SEVERITY_NONE] = "",
                                              [SN_SEVERITY_CRITICAL] = "Critical",
                                              [SN_SEVERITY_WARNING] = "Warning",
                                              [SN_SEVERITY_ADVICE] = "Advice"};

/* ---- looking -------------------------------------------------------------------------------- */

static void run_checks(struct sn_doctor *doctor, sn_doctor_check_fn *const *checks)
{
    for (; *checks != NULL; checks++)
        (*checks)(doctor);
}

static void look_at_group(struct sn_doctor *doctor, const struct sn_group *group)
{
    doctor->group = group;
    sn_explain(group, doctor->facts->now, &doctor->of);
    run_checks(doctor, sn_doctor_of_troubles);
    run_checks(doctor, sn_doctor_of_sentinels);
    run_checks(doctor, sn_doctor_of_servers);
    run_checks(doctor, sn_doctor_of_info);
    doctor->group = NULL;
}

static void examine(struct sn_doctor *doctor, const struct sn_doctor_facts *facts,
                    const struct sn_group *only)
{
    sn_doctor_begin(doctor, facts);
    run_checks(doctor, sn_doctor_of_process);
    if (only != NULL) {
        look_at_group(doctor, only);
        return;
    }
    for (const struct sn_group *group = sn_core_group_first(facts->core); group != NULL;
         group = sn_group_next(group))
        look_at_group(doctor, group);
}

/* Calls each for every kind of findings, the worst first; those of one severity as they were found.
 */
static void walk_kinds(const struct sn_doctor *doctor,
                       void (*each)(const struct sn_doctor *doctor,
                                    const struct sn_finding_kind *kind, void *arg),
                       void *arg)
{
    for (int severity = SN_SEVERITY_CRITICAL; severity < SN_SEVERITY_COUNT; severity++) {
        for (size_t i = 0; i < doctor->kind_count; i++) {
            if ((int)doctor->kinds[i].severity == severity)
                each(doctor, &doctor->kinds[i], arg);
        }
    }
}

/* Returns the number of findings with that severity, of those that are left out too. */
static size_t count_severity(const struct sn_doctor *doctor, int severity)
{
    size_t count = 0;

    for (size_t i = 0; i < doctor->kind_count; i++)
        count += (int)doctor->kinds[i].severity == severity ? doctor->kinds[i].count : 0;
    return count;
}

static size_t count_left_out(const struct sn_doctor *doctor)
{
    size_t count = 0;

    for (size_t i = 0; i < doctor->kind_count; i++)
        count += doctor->kinds[i].count;
    return count - doctor->count;
}

/* ---- lines ---------------------------------------------------------------------------------- */

/* What is told in words: for a thousand groups, findings that are alike are told of the first ones,
 * and the rest is a number with names. */
struct telling {
    struct sn_lines lines;
    size_t groups_max; /* that are told in full, of each kind; SIZE_MAX: one is asked for */
};

static void say_finding(struct sn_lines *lines, const struct sn_finding *finding)
{
    sn_buf_printf(&lines->text, "%s %s", severity_labels[finding->kind->severity],
                  finding->kind->check);
    if (finding->group != NULL)
        sn_buf_printf(&lines->text, " (%s)", sn_group_name(finding->group));
    sn_buf_printf(&lines->text, ": %s %s", sn_buf_text(&finding->found),
                  sn_buf_text(&finding->remedy));
    sn_lines_end(lines);
}

static void say_rest(struct sn_lines *lines, const struct sn_finding_kind *kind, size_t count,
                     struct sn_buf *names)
{
    sn_buf_printf(&lines->text, "%s %s: %zu more like %s", severity_labels[kind->severity],
                  kind->check, count, count == kind->count - 1 ? "this" : "these");
    if (names->len > 0)
        sn_buf_printf(&lines->text, ", in %s. SENTINEL DOCTOR NAME tells of one group",
                      sn_buf_text(names));
    sn_buf_putc(&lines->text, '.');
    sn_lines_end(lines);
}

/* Adds the name of the group'th group with such findings to those that are not told in full. */
static void add_name(struct sn_buf *names, const struct sn_finding *finding, size_t nth)
{
    if (nth > NAMES_MAX + 1)
        return;
    if (nth > 1)
        sn_buf_puts(names, nth > NAMES_MAX ? " and others" : ", ");
    if (nth <= NAMES_MAX)
        sn_buf_puts(names, sn_group_name(finding->group));
}

static void say_kind(const struct sn_doctor *doctor, const struct sn_finding_kind *kind, void *arg)
{
    struct telling *telling = arg;
    const struct sn_finding *last = NULL;
    struct sn_buf names;
    size_t groups = 0, told = 0;

    sn_buf_init(&names, SIZE_MAX);
    for (size_t i = 0; i < doctor->count; i++) {
        const struct sn_finding *finding = &doctor->findings[i];
        if (finding->kind != kind)
            continue;
        bool is_next = last == NULL || last->group != finding->group;
        groups += is_next;
        last = finding;
        if (groups <= telling->groups_max) {
            say_finding(&telling->lines, finding);
            told++;
        } else if (is_next) {
            add_name(&names, finding, groups - telling->groups_max);
        }
    }
    if (told < kind->count)
        say_rest(&telling->lines, kind, kind->count - told, &names);
    sn_buf_fini(&names);
}

static void say_all(const struct sn_doctor *doctor, bool is_of_all, sn_line_fn *line, void *arg)
{
    struct telling telling = {.groups_max = is_of_all ? GROUPS_IN_FULL : SIZE_MAX};

    sn_lines_init(&telling.lines, line, arg);
    walk_kinds(doctor, say_kind, &telling);
    if (doctor->count == 0) {
        sn_buf_puts(&telling.lines.text, ALL_WELL);
        sn_lines_end(&telling.lines);
    }
    sn_buf_fini(&telling.lines.text);
}

void sn_doctor_lines(const struct sn_doctor_facts *facts, const struct sn_group *group,
                     sn_line_fn *line, void *arg)
{
    struct sn_doctor doctor;

    examine(&doctor, facts, group);
    say_all(&doctor, group == NULL, line, arg);
    sn_doctor_forget(&doctor);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void add_finding(json_t *findings, const struct sn_finding *finding)
{
    json_t *object = json_object();

    sn_json_set(object, "severity", json_string(severity_words[finding->kind->severity]));
    sn_json_set(object, "check", json_string(finding->kind->check));
    sn_json_set(object, "group",
                finding->group == NULL ? json_null() : sn_json_text(sn_group_name(finding->group)));
    sn_json_set(object, "about", sn_json_place(finding->about));
    sn_json_set(object, "found", sn_json_text(sn_buf_text(&finding->found)));
    sn_json_set(object, "remedy", sn_json_text(sn_buf_text(&finding->remedy)));
    (void)json_array_append_new(findings, object);
}

static void add_kind(const struct sn_doctor *doctor, const struct sn_finding_kind *kind, void *arg)
{
    for (size_t i = 0; i < doctor->count; i++) {
        if (doctor->findings[i].kind == kind)
            add_finding(arg, &doctor->findings[i]);
    }
}

json_t *sn_doctor_json(const struct sn_doctor_facts *facts, const struct sn_group *group)
{
    json_t *object = json_object(), *findings = json_array(), *lines = json_array();
    struct sn_doctor doctor;

    examine(&doctor, facts, group);
    sn_json_set(object, "schema", json_integer(SN_DOCTOR_SCHEMA));
    sn_json_set(object, "sentinel", sn_json_text(sn_core_myid(facts->core)->hex));
    sn_json_set(object, "group", group == NULL ? json_null() : sn_json_text(sn_group_name(group)));
    for (int severity = SN_SEVERITY_CRITICAL; severity < SN_SEVERITY_COUNT; severity++)
        sn_json_set(object, severity_words[severity],
                    json_integer((json_int_t)count_severity(&doctor, severity)));
    walk_kinds(&doctor, add_kind, findings);
    sn_json_set(object, "findings", findings);
    sn_json_set(object, "left_out", json_integer((json_int_t)count_left_out(&doctor)));
    say_all(&doctor, group == NULL, sn_json_add_line, lines);
    sn_json_set(object, "lines", lines);
    sn_doctor_forget(&doctor);
    return object;
}
