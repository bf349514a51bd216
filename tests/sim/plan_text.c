/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan_text.h"

#include "plan_words.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#define LINE_MAX_LEN 512

#define WORDS_MAX    64
#define EXPECTED_MAX 512

/* What the numbers of a field are called, bit by bit; NULL behind the last. */
typedef const char *name_fn(unsigned bit);

struct field {
    const char *name;
    size_t offset, size;
    name_fn *names; /* NULL: it is a number */
};

static const char *class_name(unsigned bit)
{
    static const char *const names[] = {"network",  "disk",  "process", "clock",
                                        "operator", "redis", "stranger"};
    return bit < sizeof(names) / sizeof(names[0]) ? names[bit] : NULL;
}

static const char *feature_name(unsigned bit)
{
    for (unsigned i = 0; features_name(i) != NULL; i++) {
        if (features_by_name(features_name(i), strlen(features_name(i))) == 1U << bit)
            return features_name(i);
    }
    return NULL;
}

static const char *group_name(unsigned bit)
{
    static const char *const names[PLAN_GROUPS_MAX] = {"g1", "g2", "g3", "g4"};
    return bit < PLAN_GROUPS_MAX ? names[bit] : NULL;
}

/* clang-format releases differ about braces in macros. */
/* clang-format off */
#define NAMES(name, names)                                                                         \
    {#name, offsetof(struct plan, name), sizeof(((struct plan *)0)->name), names}
#define FIELD(name) NAMES(name, NULL)
/* clang-format on */

/* All numbers that are not negative; those with names are bits. */
static const struct field fields[] = {
    FIELD(seed),
    NAMES(classes, class_name),
    FIELD(sentinels),
    FIELD(stocks),
    FIELD(groups),
    FIELD(replicas),
    FIELD(other_replicas[1]),
    FIELD(other_replicas[2]),
    FIELD(other_replicas[3]),
    FIELD(quorum),
    FIELD(parallel_syncs),
    FIELD(down_after_ms),
    FIELD(failover_timeout_ms),
    FIELD(delay_min_ms),
    FIELD(delay_max_ms),
    FIELD(disk_ms),
    FIELD(disk_jitter_ms),
    FIELD(timer_late_ms),
    FIELD(write_ms),
    FIELD(sync_ms),
    FIELD(names),
    FIELD(announce_names),
    FIELD(resolve_max_ms),
    FIELD(resolve_fails),
    FIELD(sync_load_ms),
    FIELD(backlog_max),
    FIELD(diskless),
    FIELD(loading_ms),
    FIELD(warm_ms),
    FIELD(span_ms),
    FIELD(drift_ppm),
    FIELD(blocking_peers),
    FIELD(lag),
    FIELD(lost_on_crash),
    NAMES(lost_masters, group_name),
    FIELD(lost_sentinels),
    FIELD(lost_lot),
    FIELD(lost_late),
    NAMES(features, feature_name),
    FIELD(two_deployments),
    FIELD(id_lot),
    FIELD(rtt_percent),
    FIELD(rtt_peace),
    FIELD(connect_ms),
    FIELD(refused_after_ms),
    FIELD(max_lag),
    FIELD(reborn_failover),
    FIELD(forget_after_s),
    FIELD(replica_veto),
    FIELD(rescue),
    FIELD(chained),
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static uint64_t get(const struct plan *plan, const struct field *field)
{
    const char *at = (const char *)plan + field->offset;
    uint64_t wide = 0;
    uint32_t narrow = 0;
    if (field->size == sizeof(wide))
        memcpy(&wide, at, sizeof(wide));
    else if (field->size == sizeof(narrow))
        memcpy(&narrow, at, sizeof(narrow));
    else
        return *(const bool *)at ? 1 : 0;
    return wide + narrow;
}

static void put(struct plan *plan, const struct field *field, uint64_t value)
{
    char *at = (char *)plan + field->offset;
    uint32_t narrow = (uint32_t)value;
    if (field->size == sizeof(value))
        memcpy(at, &value, sizeof(value));
    else if (field->size == sizeof(narrow))
        memcpy(at, &narrow, sizeof(narrow));
    else
        *(bool *)at = value != 0;
}

static const struct field *find_field(const char *name)
{
    for (size_t i = 0; i < FIELDS; i++) {
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    }
    return NULL;
}

/* ---- writing ------------------------------------------------------------------------------------
 */

static void write_field(const struct plan *plan, const struct field *field, FILE *file)
{
    uint64_t value = get(plan, field);
    if (value == 0)
        return;
    (void)fputs(field->name, file);
    for (unsigned bit = 0; field->names != NULL && field->names(bit) != NULL; bit++) {
        if (((value >> bit) & 1) != 0)
            (void)fprintf(file, " %s", field->names(bit));
    }
    if (field->names == NULL)
        (void)fprintf(file, " %" PRIu64, value);
    (void)fputc('\n', file);
}

void plan_write_faults(const struct plan *plan, const char *indent, FILE *file)
{
    struct sn_buf words;
    sn_buf_init(&words, LINE_MAX_LEN);
    for (unsigned i = 0; i < plan->fault_count; i++) {
        if (plan->faults[i].dropped)
            continue;
        sn_buf_clear(&words);
        plan_words_write(plan, &plan->faults[i], &words);
        (void)fprintf(file, "%s%s  # %u\n", indent, sn_buf_text(&words), i);
    }
    sn_buf_fini(&words);
}

void plan_write(const struct plan *plan, FILE *file)
{
    for (size_t i = 0; i < FIELDS; i++)
        write_field(plan, &fields[i], file);
    plan_write_faults(plan, "", file);
}

/* ---- reading ------------------------------------------------------------------------------------
 */

/* Where reading has come to. */
struct place {
    const char *file;
    unsigned line;
    FILE *errors;
};

static bool complain(const struct place *place, const struct sn_words *words, size_t word,
                     const char *expected)
{
    (void)fprintf(place->errors, "%s:%u: ", place->file, place->line);
    if (word < words->count)
        (void)fprintf(place->errors, "expected %s, not '%s'\n", expected, words->items[word]);
    else
        (void)fprintf(place->errors, "expected %s at the end of the line\n", expected);
    return false;
}

static bool read_number(const struct place *place, const struct field *field,
                        const struct sn_words *words, struct plan *plan)
{
    uint64_t value;
    uint64_t most = field->size == sizeof(uint64_t)   ? INT64_MAX
                    : field->size == sizeof(uint32_t) ? UINT32_MAX
                                                      : 1;
    char expected[EXPECTED_MAX];
    if (words->count < 2 || sn_text_to_u64(words->items[1], words->lens[1], &value) != 0 ||
        value > most) {
        (void)snprintf(expected, sizeof(expected), "a number from 0 to %" PRIu64 " for %s", most,
                       field->name);
        return complain(place, words, 1, expected);
    }
    if (words->count > 2)
        return complain(place, words, 2, "the end of the line");
    put(plan, field, value);
    return true;
}

static bool read_names(const struct place *place, const struct field *field,
                       const struct sn_words *words, struct plan *plan)
{
    uint64_t value = 0;
    for (size_t i = 1; i < words->count; i++) {
        char expected[EXPECTED_MAX] = "one of";
        unsigned bit = 0;
        for (; field->names(bit) != NULL && strcmp(field->names(bit), words->items[i]) != 0; bit++)
            (void)snprintf(expected + strlen(expected), sizeof(expected) - strlen(expected), " %s",
                           field->names(bit));
        if (field->names(bit) == NULL)
            return complain(place, words, i, expected);
        value |= UINT64_C(1) << bit;
    }
    put(plan, field, value);
    return true;
}

static bool read_fault(const struct place *place, const struct sn_words *words, struct plan *plan)
{
    struct plan_words_error error;
    struct fault fault;
    if (plan->fault_count == PLAN_FAULTS_MAX)
        return complain(place, words, 0, "no more faults");
    if (plan_words_read(plan, words, &fault, &error)) {
        plan->faults[plan->fault_count++] = fault;
        return true;
    }
    if (error.word == 0)
        return complain(place, words, 0, "the name of a number, or a fault (plan_words.c)");
    return complain(place, words, error.word, error.expected);
}

static bool in_range(const struct place *place, const char *name, uint64_t value, uint64_t low,
                     uint64_t high)
{
    if (value >= low && value <= high)
        return true;
    (void)fprintf(place->errors,
                  "%s: expected %s to be from %" PRIu64 " to %" PRIu64 ", not %" PRIu64 "\n",
                  place->file, name, low, high, value);
    return false;
}

/* Those of the numbers that something would break on. */
static bool has_a_cast(const struct place *place, const struct plan *plan)
{
    bool has = in_range(place, "sentinels", plan->sentinels, 1, PLAN_SENTINELS_MAX) &&
               in_range(place, "stocks", plan->stocks, 0, PLAN_SENTINELS_MAX - plan->sentinels) &&
               in_range(place, "groups", plan->groups, 1, PLAN_GROUPS_MAX) &&
               in_range(place, "replicas", plan->replicas, 1, 4) &&
               in_range(place, "quorum", plan->quorum, 1, UINT32_MAX) &&
               in_range(place, "lost_masters", plan->lost_masters, 0, (1U << plan->groups) - 1) &&
               in_range(place, "delay_max_ms", (uint64_t)plan->delay_max_ms,
                        (uint64_t)plan->delay_min_ms, INT64_MAX);
    if (has && (plan->features & FEATURE_ALIAS) != 0)
        has = in_range(place, "groups of the feature alias", plan->groups, 2, PLAN_GROUPS_MAX);
    for (unsigned i = 1; has && i < plan->groups; i++)
        has = in_range(place, "other_replicas[]", plan->other_replicas[i], 1, 2);
    return has;
}

/* Up to a # outside quotes. False if quotes are not closed. */
static bool split(const char *line, struct sn_words *words)
{
    bool quoted = false;
    size_t len = 0;
    for (; line[len] != '\0' && line[len] != '\n' && (quoted || line[len] != '#'); len++)
        quoted ^= line[len] == '"';
    return sn_words_split(line, len, words) == 0;
}

static bool read_line(const struct place *place, const struct sn_words *words, bool faults,
                      struct plan *plan)
{
    const struct field *field = words->count == 0 ? NULL : find_field(words->items[0]);
    if (words->count == 0 || (field == NULL) != faults)
        return true;
    if (field == NULL)
        return read_fault(place, words, plan);
    return field->names != NULL ? read_names(place, field, words, plan)
                                : read_number(place, field, words, plan);
}

/* Faults are about a cast, so the numbers are read before them, wherever they stand. */
static bool read_all(FILE *file, struct place *place, bool faults, struct plan *plan)
{
    char line[LINE_MAX_LEN];
    bool fine = true;
    (void)fseek(file, 0, SEEK_SET);
    for (place->line = 1; fine && fgets(line, sizeof(line), file) != NULL; place->line++) {
        struct sn_words words;
        if (!split(line, &words)) {
            (void)fprintf(place->errors, "%s:%u: expected the other quote\n", place->file,
                          place->line);
            return false;
        }
        fine = words.count <= WORDS_MAX ? read_line(place, &words, faults, plan)
                                        : complain(place, &words, WORDS_MAX, "the end of the line");
        sn_words_fini(&words);
    }
    return fine;
}

bool plan_read_file(FILE *file, const char *name, struct plan *plan, FILE *errors)
{
    struct place place = {.file = name, .errors = errors};
    memset(plan, 0, sizeof(*plan));
    return read_all(file, &place, false, plan) && has_a_cast(&place, plan) &&
           read_all(file, &place, true, plan);
}

bool plan_read(const char *path, struct plan *plan, FILE *errors)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        (void)fprintf(errors, "%s: cannot be read\n", path);
        return false;
    }
    bool fine = plan_read_file(file, path, plan, errors);
    (void)fclose(file);
    return fine;
}
