/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE /* MAP_ANONYMOUS */

#include "minimise.h"

#include "plan_text.h"
#include "sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUN_MAX_S 120
#define STORY_MS  1000

/* What is said, without its numbers: times, epochs, and which nodes. */
static void reason_of(const char *why, char reason[SIM_WHY_MAX])
{
    size_t len = 0;
    for (; *why != '\0' && len + 1 < SIM_WHY_MAX; why++) {
        if (*why < '0' || *why > '9')
            reason[len++] = *why;
    }
    reason[len] = '\0';
}

/* In a process of its own, as it may crash; without a lens nothing that it prints is seen. */
static void run_apart(const struct plan *plan, const struct lens *lens, struct sim_result *result)
{
    struct sim_result *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = -1;
    if (shared == MAP_FAILED)
        abort();
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        (void)alarm(RUN_MAX_S);
        if (lens == NULL && freopen("/dev/null", "w", stderr) == NULL)
            abort();
        sim_run(plan, lens, shared);
        exit(0);
    }
    (void)waitpid(pid, &status, 0);
    *result = *shared;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        result->verdict = SIM_CRASHED;
    (void)munmap(shared, sizeof(*shared));
}

static enum sim_verdict try_plan(const struct plan *plan, char reason[SIM_WHY_MAX])
{
    struct sim_result result;
    run_apart(plan, NULL, &result);
    reason_of(result.why, reason);
    return result.verdict;
}

/* The last second before the failure, of the group that failed if it is one, and how things were
 * then. */
static void tell_story(const struct plan *plan)
{
    struct sim_result result;
    struct lens lens;
    struct cast cast;
    cast_make(plan, &cast);
    lens_init(&lens);
    run_apart(plan, NULL, &result);
    if (result.verdict == SIM_CRASHED)
        return; /* it has not come to an end that could be told */
    lens.from = result.failed_at - STORY_MS;
    lens.to = result.failed_at;
    for (unsigned i = 0; i < cast.groups && cast.groups > 1; i++) {
        if (result.groups == 1U << i)
            lens.group = cast_group_name(i);
    }
    (void)fprintf(stderr, "the last second%s%s\n", lens.group != NULL ? " of " : "",
                  lens.group != NULL ? lens.group : "");
    (void)setenv("SN_TRACE", "1", 0);
    run_apart(plan, &lens, &result);
    (void)fprintf(stderr, "%s\n%s", result.why, result.report);
}

static void print_command(const struct plan *plan, const char *file)
{
    const char *comma = "";
    if (file != NULL)
        (void)fprintf(stderr, "again: sentinel-sim --replay %s --trace --only ", file);
    else
        (void)fprintf(stderr, "again: sentinel-sim --seed %" PRIu64 " --trace --only ", plan->seed);
    for (unsigned i = 0; i < plan->fault_count; i++) {
        if (plan->faults[i].dropped)
            continue;
        (void)fprintf(stderr, "%s%u", comma, i);
        comma = ",";
    }
    (void)fprintf(stderr, "%s\n", comma[0] == '\0' ? "none" : "");
}

int minimise(struct plan *plan, const char *file)
{
    char reason[SIM_WHY_MAX], other[SIM_WHY_MAX];
    enum sim_verdict verdict = try_plan(plan, reason);
    bool less = true;
    if (verdict == SIM_FINE) {
        (void)printf("seed %" PRIu64 " does not fail\n", plan->seed);
        return 0;
    }
    while (less) {
        less = false;
        for (unsigned i = 0; i < plan->fault_count; i++) {
            if (plan->faults[i].dropped)
                continue;
            plan->faults[i].dropped = true;
            if (try_plan(plan, other) == verdict && strcmp(other, reason) == 0)
                less = true;
            else
                plan->faults[i].dropped = false;
        }
    }
    plan_write(plan, stdout);
    (void)fflush(stdout);
    tell_story(plan);
    print_command(plan, file);
    return verdict == SIM_UNSAFE ? 10 : verdict == SIM_STUCK ? 11 : 12;
}
