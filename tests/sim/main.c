/* SPDX-License-Identifier: BSD-3-Clause */

#define _GNU_SOURCE /* MAP_ANONYMOUS, mallinfo2 */
/* sentinel-sim: runs seeds, alone or in many processes, and says how to see a failure again. */

#include "minimise.h"
#include "plan_text.h"
#include "sim.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX     64
#define RUN_MAX_S    120 /* of one seed: then something loops */
#define FAILURES_MAX 20
#define COVER_SEEDS  1500    /* over that many seeds everything has to have happened */
#define GROWTH_MAX   1048576 /* what malloc keeps at hand counts as in use */
#define EXIT_USAGE   2
#define EXIT_UNSAFE  10
#define EXIT_STUCK   11
#define EXIT_CRASHED 12
#define EXIT_UNSEEN  13
#define EXIT_GROWN   14
#define EXIT_DIFFERS 15
#define TWICE_EACH   50 /* one seed in so many is run again: everything must be as it was */

struct options {
    uint64_t first, last;
    unsigned jobs;
    uint64_t *list; /* --list: first and last are positions in it */
    char **files;   /* --replay: likewise */
    bool trace, minimise, progress, keep_going, no_cover, plan;
    struct lens lens;
    bool narrow; /* it shows less than all */
    const char *drop;
    const char *only;
};

/* The worst value, and whose it is. */
struct most {
    int64_t value;
    uint64_t seed;
};

/* Of one worker; shared with the parent. */
struct worker {
    pid_t pid;
    uint64_t next, seed; /* seed: under way */
    const char *file;    /* its plan; NULL: drawn */
    uint64_t done, steps, simulated_ms;
    uint64_t counts[COVER_COUNT];
    uint64_t executed[FAULT_KIND_COUNT];
    struct most agreed, lost, percent;
    unsigned unsafe, stuck, crashed;
    bool finished, grown, differs;
    unsigned failures;
    struct {
        uint64_t seed;
        struct sim_result result;
    } failure[FAILURES_MAX];
};

static struct worker *workers;

static const char *verdict_name(enum sim_verdict verdict)
{
    static const char *const names[] = {"fine", "unsafe", "stuck", "crashed"};
    return names[verdict];
}

static int exit_code(unsigned unsafe, unsigned stuck, unsigned crashed)
{
    if (unsafe > 0)
        return EXIT_UNSAFE;
    if (crashed > 0)
        return EXIT_CRASHED;
    return stuck > 0 ? EXIT_STUCK : 0;
}

/* Marks the faults that --drop and --only leave out. */
static void leave_out(struct plan *plan, const struct options *options)
{
    const char *list = options->drop != NULL ? options->drop : options->only;
    if (list == NULL)
        return;
    for (unsigned i = 0; options->only != NULL && i < plan->fault_count; i++)
        plan->faults[i].dropped = true;
    while (*list != '\0') {
        char *end;
        unsigned long i = strtoul(list, &end, 10);
        if (end == list)
            break;
        if (i < plan->fault_count)
            plan->faults[i].dropped = options->drop != NULL;
        list = *end == ',' ? end + 1 : end;
    }
}

/* ---- workers ------------------------------------------------------------------------------------
 */

static void keep_failure(struct worker *worker, uint64_t seed, const struct sim_result *result)
{
    if (worker->failures < FAILURES_MAX) {
        worker->failure[worker->failures].seed = seed;
        worker->failure[worker->failures].result = *result;
        worker->failures++;
    }
    worker->unsafe += result->verdict == SIM_UNSAFE;
    worker->stuck += result->verdict == SIM_STUCK;
    worker->crashed += result->verdict == SIM_CRASHED;
    (void)fprintf(stderr, "seed %" PRIu64 " %s %s\n", seed, verdict_name(result->verdict),
                  result->why);
    if (worker->file != NULL)
        (void)fprintf(stderr, "  again: sentinel-sim --replay %s --trace", worker->file);
    else
        (void)fprintf(stderr, "  again: sentinel-sim --seed %" PRIu64 " --trace", seed);
    if (result->failed_at > 0)
        (void)fprintf(stderr, " --around %lld", (long long)result->failed_at);
    for (unsigned i = 0; i < PLAN_GROUPS_MAX; i++) {
        if (result->groups == 1U << i)
            (void)fprintf(stderr, " --group %s", cast_group_name(i));
    }
    (void)fprintf(stderr, "\n%s", result->report);
}

static void note_most(struct most *most, int64_t value, uint64_t seed)
{
    if (value > most->value)
        *most = (struct most){value, seed};
}

/* What a run does must depend on its plan alone, not on the run before it or on addresses. */
static void run_again(struct worker *worker, const struct plan *plan,
                      const struct sim_result *first)
{
    struct sim_result second;
    sim_run(plan, NULL, &second);
    if (second.digest == first->digest && second.steps == first->steps)
        return;
    worker->differs = true;
    (void)fprintf(stderr,
                  "seed %" PRIu64 " differs when it is run again: %" PRIu64 " steps, then %" PRIu64
                  "\n",
                  plan->seed, first->steps, second.steps);
}

/* The plan at a position of what is to be run. */
static void get_plan(struct plan *plan, uint64_t position, const struct options *options)
{
    if (options->files == NULL)
        plan_make(plan, options->list != NULL ? options->list[position] : position);
    else if (!plan_read(options->files[position], plan, stderr))
        exit(EXIT_USAGE);
    leave_out(plan, options);
}

static void run_one(struct worker *worker, uint64_t position, const struct options *options)
{
    struct plan plan;
    struct sim_result result;
    get_plan(&plan, position, options);
    uint64_t seed = plan.seed;
    worker->seed = seed;
    worker->file = options->files != NULL ? options->files[position] : NULL;
    (void)alarm(RUN_MAX_S);
    sim_run(&plan, &options->lens, &result);
    if (seed % TWICE_EACH == 0 && result.verdict != SIM_CRASHED && !options->trace)
        run_again(worker, &plan, &result);
    (void)alarm(0);
    worker->done++;
    worker->steps += result.steps;
    worker->simulated_ms += (uint64_t)result.simulated_ms;
    for (size_t i = 0; i < COVER_COUNT; i++)
        worker->counts[i] += result.counts[i];
    for (size_t i = 0; i < FAULT_KIND_COUNT; i++)
        worker->executed[i] += result.executed[i];
    note_most(&worker->agreed, result.agreed_ms, seed);
    note_most(&worker->lost, result.lost_ms, seed);
    note_most(&worker->percent, result.bound_percent, seed);
    if (result.verdict != SIM_FINE)
        keep_failure(worker, seed, &result);
    else
        (void)fputs(result.report, stderr); /* --look */
}

/* Everything that a run takes it gives back. */
static void look_at_memory(struct worker *worker, size_t *level)
{
    size_t now = mallinfo2().uordblks;
    if (*level == 0)
        *level = now;
    if (now > *level + GROWTH_MAX && !worker->grown) {
        worker->grown = true;
        (void)fprintf(stderr, "memory in use has grown from %zu to %zu bytes\n", *level, now);
    }
}

static void work(struct worker *worker, const struct options *options)
{
    size_t level = 0;
    for (; worker->next <= options->last; worker->next += options->jobs) {
        run_one(worker, worker->next, options);
        look_at_memory(worker, &level);
        if (worker->failures > 0 && !options->keep_going)
            break;
    }
    worker->finished = true;
}

static void start_worker(struct worker *worker, const struct options *options)
{
    (void)fflush(stdout);
    worker->pid = fork();
    if (worker->pid == 0) {
        work(worker, options);
        (void)fflush(stderr);
        exit(0);
    }
}

static void reap(struct worker *worker, int status, const struct options *options)
{
    struct sim_result result = {.verdict = SIM_CRASHED};
    worker->pid = 0;
    if (worker->finished && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    if (WIFSIGNALED(status))
        (void)snprintf(result.why, sizeof(result.why), "ended by signal %d", WTERMSIG(status));
    else
        (void)snprintf(result.why, sizeof(result.why), "exited with %d", WEXITSTATUS(status));
    keep_failure(worker, worker->seed, &result);
    worker->next += options->jobs;
    if (!worker->finished && worker->next <= options->last && options->keep_going)
        start_worker(worker, options);
}

static uint64_t sum_done(const struct options *options)
{
    uint64_t done = 0;
    for (unsigned i = 0; i < options->jobs; i++)
        done += workers[i].done;
    return done;
}

static void wait_for_all(const struct options *options)
{
    time_t told = time(NULL);
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid < 0 && errno == ECHILD)
            return;
        for (unsigned i = 0; pid > 0 && i < options->jobs; i++) {
            if (workers[i].pid == pid)
                reap(&workers[i], status, options);
        }
        if (pid == 0)
            (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        if (options->progress && time(NULL) >= told + 5) {
            told = time(NULL);
            (void)fprintf(stderr, "%" PRIu64 " of %" PRIu64 " seeds\n", sum_done(options),
                          options->last - options->first + 1);
        }
    }
}

/* ---- the sum ------------------------------------------------------------------------------------
 */

/* Whoever has gone without having said that he is done has crashed, however that came about. */
static void count_lost(const struct options *options)
{
    for (unsigned i = 0; i < options->jobs; i++) {
        struct sim_result result = {.verdict = SIM_CRASHED, .why = "ended without a verdict"};
        if (!workers[i].finished && workers[i].crashed == 0)
            keep_failure(&workers[i], workers[i].seed, &result);
    }
}

/* Returns how many kinds never came. */
static unsigned print_faults(const uint64_t *executed)
{
    unsigned zero = 0;
    for (unsigned kind = FAULT_NONE + 1; kind < FAULT_KIND_COUNT; kind++) {
        bool off = executed[kind] == 0 && !features_want((enum fault_kind)kind);
        (void)printf("  fault: %-25s %12" PRIu64 "%s\n", plan_fault_name((enum fault_kind)kind),
                     executed[kind],
                     off                   ? "  (off)"
                     : executed[kind] == 0 ? "  <- never"
                                           : "");
        zero += executed[kind] == 0 && !off;
    }
    return zero;
}

static int sum_up(const struct options *options)
{
    struct worker sum;
    memset(&sum, 0, sizeof(sum));
    for (unsigned i = 0; i < options->jobs; i++) {
        const struct worker *worker = &workers[i];
        sum.done += worker->done;
        sum.steps += worker->steps;
        sum.simulated_ms += worker->simulated_ms;
        sum.unsafe += worker->unsafe;
        sum.stuck += worker->stuck;
        sum.crashed += worker->crashed;
        sum.grown |= worker->grown;
        sum.differs |= worker->differs;
        for (size_t k = 0; k < COVER_COUNT; k++)
            sum.counts[k] += worker->counts[k];
        for (size_t k = 0; k < FAULT_KIND_COUNT; k++)
            sum.executed[k] += worker->executed[k];
        note_most(&sum.agreed, worker->agreed.value, worker->agreed.seed);
        note_most(&sum.lost, worker->lost.value, worker->lost.seed);
        note_most(&sum.percent, worker->percent.value, worker->percent.seed);
    }
    (void)printf("%" PRIu64 " seeds, %" PRIu64 " steps, %" PRIu64 " simulated hours; %u unsafe, %u "
                 "stuck, %u crashed\n",
                 sum.done, sum.steps, sum.simulated_ms / 3600000, sum.unsafe, sum.stuck,
                 sum.crashed);
    (void)printf("agreement after at most %" PRId64 " ms (seed %" PRIu64
                 "), after a loss for good %" PRId64 " ms (seed %" PRIu64 "), %" PRId64
                 " %% of the bound (seed %" PRIu64 ")\n",
                 sum.agreed.value, sum.agreed.seed, sum.lost.value, sum.lost.seed,
                 sum.percent.value, sum.percent.seed);
    if (options->first == options->last)
        return exit_code(sum.unsafe, sum.stuck, sum.crashed);
    unsigned unseen = coverage_print(sum.counts) + print_faults(sum.executed);
    int code = exit_code(sum.unsafe, sum.stuck, sum.crashed);
    if (code == 0 && unseen > 0 && sum.done >= COVER_SEEDS && !options->no_cover)
        code = EXIT_UNSEEN;
    if (code == 0 && sum.differs)
        code = EXIT_DIFFERS;
    return code == 0 && sum.grown ? EXIT_GROWN : code;
}

static int usage(void)
{
    (void)fputs("sentinel-sim --seed N [--trace] [--plan] [--drop I,J… | --only I,J…]\n"
                "sentinel-sim --seed N --minimise\n"
                "sentinel-sim --seeds A..B [--jobs J] [--keep-going] [--progress] [--no-cover]\n"
                "sentinel-sim --with NAME,NAME…|all …: every run has these features (features.c)\n"
                "sentinel-sim --list FILE: the seeds that the lines of FILE begin with\n"
                "sentinel-sim --replay FILE… [--trace] [--minimise]: plans as --plan prints them\n"
                "Traces of one seed or file: [--group NAME] [--node NAME] [--around MS [WIDTH]]\n"
                "--look MS: who is who, how things are, and what everybody believes at that time\n"
                "Exit status: 0 fine, 10 unsafe, 11 no agreement, 12 crash, 13 something was\n"
                "never covered, 14 memory grew, 15 a second run differs, 2 usage.\n",
                stderr);
    return 2;
}

static bool read_range(const char *text, struct options *options)
{
    char *end;
    options->first = strtoull(text, &end, 10);
    options->last = options->first;
    if (strncmp(end, "..", 2) == 0)
        options->last = strtoull(end + 2, &end, 10);
    return *end == '\0' && options->last >= options->first;
}

/* Names with commas between them. */
static bool read_features(const char *names)
{
    while (*names != '\0') {
        size_t len = strcspn(names, ",");
        unsigned feature = features_by_name(names, len);
        if (feature == 0)
            return false;
        features_forced |= feature;
        names += names[len] == ',' ? len + 1 : len;
    }
    return true;
}

/* The first number of every line; lines without one are comments. */
static bool read_list(const char *path, struct options *options)
{
    FILE *file = fopen(path, "r");
    char line[512];
    size_t count = 0;
    if (file == NULL)
        return false;
    while (fgets(line, sizeof(line), file) != NULL) {
        char *end;
        uint64_t seed = strtoull(line, &end, 10);
        if (end == line)
            continue;
        options->list = realloc(options->list, (count + 1) * sizeof(*options->list));
        if (options->list == NULL)
            abort();
        options->list[count++] = seed;
    }
    (void)fclose(file);
    options->first = 0;
    options->last = count - 1;
    return count > 0;
}

/* The arguments up to the next option. Returns how many. */
static uint64_t read_files(char **names, struct options *options)
{
    uint64_t count = 0;
    while (names[count] != NULL && strncmp(names[count], "--", 2) != 0)
        count++;
    options->files = names;
    options->first = 0;
    options->last = count > 0 ? count - 1 : 0;
    return count;
}

/* True if text is a time; anything else is no error, but another option. */
static bool is_time(const char *text, sn_ms *time)
{
    char *end;
    *time = strtoll(text, &end, 10);
    return end != text && *end == '\0' && *time >= 0;
}

/* An option about what is shown, and its arguments. Returns how many words that are; 0: it is none.
 */
static int read_lens(const char *option, char **values, struct options *options)
{
    const char *value = values[0] == NULL ? "" : values[0];
    struct lens *lens = &options->lens;
    sn_ms at, width = LENS_WIDTH_MS;
    int words = 2;
    if (strcmp(option, "--look") == 0)
        return is_time(value, &lens->look_at) ? words : 0;
    if (strcmp(option, "--group") == 0) {
        lens->group = values[0];
    } else if (strcmp(option, "--node") == 0) {
        lens->node = values[0];
    } else if (strcmp(option, "--around") == 0 && is_time(value, &at)) {
        words += values[1] != NULL && is_time(values[1], &width);
        width = words == 2 ? LENS_WIDTH_MS : width;
        lens->from = at - width;
        lens->to = at + width;
    } else {
        return 0;
    }
    options->narrow = true;
    return values[0] == NULL ? 0 : words;
}

static bool read_options(int argc, char **argv, struct options *options)
{
    bool range = false;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        int words = read_lens(argv[i], argv + i + 1, options);
        if (words > 0)
            i += words - 1;
        else if (strcmp(argv[i], "--seed") == 0 || strcmp(argv[i], "--seeds") == 0)
            range = read_range(value, options) && ++i > 0;
        else if (strcmp(argv[i], "--list") == 0)
            range = read_list(value, options) && ++i > 0;
        else if (strcmp(argv[i], "--replay") == 0)
            range = read_files(argv + i + 1, options) > 0 && (i += (int)options->last + 1) > 0;
        else if (strcmp(argv[i], "--jobs") == 0)
            options->jobs = (unsigned)strtoul(argv[++i < argc ? i : argc - 1], NULL, 10);
        else if (strcmp(argv[i], "--with") == 0 && read_features(value))
            i++;
        else if (strcmp(argv[i], "--drop") == 0)
            options->drop = argv[++i < argc ? i : argc - 1];
        else if (strcmp(argv[i], "--only") == 0)
            options->only = argv[++i < argc ? i : argc - 1];
        else if (strcmp(argv[i], "--trace") == 0)
            options->trace = true;
        else if (strcmp(argv[i], "--plan") == 0)
            options->plan = true;
        else if (strcmp(argv[i], "--minimise") == 0)
            options->minimise = true;
        else if (strcmp(argv[i], "--progress") == 0)
            options->progress = true;
        else if (strcmp(argv[i], "--keep-going") == 0)
            options->keep_going = true;
        else if (strcmp(argv[i], "--no-cover") == 0)
            options->no_cover = true;
        else
            return false;
    }
    bool looks = options->narrow || options->lens.look_at != SN_MS_NEVER;
    if (range && options->first != options->last && (options->plan || options->minimise || looks)) {
        (void)fputs("--plan, --minimise, --look, --group, --node and --around are for one seed or "
                    "file\n",
                    stderr);
        return false;
    }
    /* A report is shown without a trace, and of a group if one is named. */
    options->trace |= options->narrow && options->lens.look_at == SN_MS_NEVER;
    return range && options->jobs >= 1 && options->jobs <= JOBS_MAX;
}

int main(int argc, char **argv)
{
    struct options options = {.jobs = 1};
    struct plan plan;
    lens_init(&options.lens);
    if (!read_options(argc, argv, &options))
        return usage();
    get_plan(&plan, options.first, &options);
    if (!lens_fits(&options.lens, &plan))
        return EXIT_USAGE;
    if (options.plan) {
        plan_write(&plan, stdout);
        return 0;
    }
    if (options.minimise)
        return minimise(&plan, options.files == NULL ? NULL : options.files[options.first]);
    if (options.trace)
        (void)setenv("SN_TRACE", "1", 0);
    /* Where SIGCHLD is ignored, waitpid() tells nothing. */
    (void)signal(SIGCHLD, SIG_DFL);
    workers = mmap(NULL, JOBS_MAX * sizeof(*workers), PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (workers == MAP_FAILED)
        return EXIT_CRASHED;
    for (unsigned i = 0; i < options.jobs; i++) {
        workers[i].next = options.first + i;
        start_worker(&workers[i], &options);
    }
    wait_for_all(&options);
    count_lost(&options);
    free(options.list);
    options.list = NULL;
    return sum_up(&options);
}
