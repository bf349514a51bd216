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

/* In a process of its own, as it may crash. */
static enum sim_verdict try_plan(const struct plan *plan, char reason[SIM_WHY_MAX])
{
    struct sim_result *result =
        mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = -1;
    if (result == MAP_FAILED)
        abort();
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        (void)alarm(RUN_MAX_S);
        if (freopen("/dev/null", "w", stderr) == NULL)
            abort();
        sim_run(plan, result);
        exit(0);
    }
    (void)waitpid(pid, &status, 0);
    enum sim_verdict verdict =
        WIFEXITED(status) && WEXITSTATUS(status) == 0 ? result->verdict : SIM_CRASHED;
    reason_of(result->why, reason);
    (void)munmap(result, sizeof(*result));
    return verdict;
}

static void print_command(const struct plan *plan)
{
    const char *comma = "";
    (void)printf("again: sentinel-sim --seed %" PRIu64 " --trace --only ", plan->seed);
    for (unsigned i = 0; i < plan->fault_count; i++) {
        if (plan->faults[i].dropped)
            continue;
        (void)printf("%s%u", comma, i);
        comma = ",";
    }
    (void)printf("%s\n", comma[0] == '\0' ? "none" : "");
}

int minimise(struct plan *plan)
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
    print_command(plan);
    return verdict == SIM_UNSAFE ? 10 : verdict == SIM_STUCK ? 11 : 12;
}
