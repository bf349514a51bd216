/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE /* MAP_ANONYMOUS */

#include "minimise.h"

#include "sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUN_MAX_S 120

void minimise_print_plan(const struct plan *plan)
{
    (void)printf("seed %" PRIu64
                 ": %u sentinels, %u stock, %u groups, %u replicas, quorum %u, down-after %lld, "
                 "failover-timeout %lld, delay %lld..%lld, disk %lld+%lld, faults from %lld for "
                 "%lld ms\n",
                 plan->seed, plan->sentinels, plan->stocks, plan->groups, plan->replicas,
                 plan->quorum, (long long)plan->down_after_ms, (long long)plan->failover_timeout_ms,
                 (long long)plan->delay_min_ms, (long long)plan->delay_max_ms,
                 (long long)plan->disk_ms, (long long)plan->disk_jitter_ms,
                 (long long)plan->warm_ms, (long long)plan->span_ms);
    for (unsigned i = 0; i < plan->fault_count; i++) {
        const struct fault *fault = &plan->faults[i];
        if (!fault->dropped)
            (void)printf("  %2u at %6lld for %5lld: %s %u %u of group %u\n", i,
                         (long long)fault->at, (long long)fault->lasts,
                         plan_fault_name(fault->kind), fault->a, fault->b, fault->group + 1);
    }
}

/* In a process of its own, as it may crash. */
static enum sim_verdict try_plan(const struct plan *plan)
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
    enum sim_verdict verdict = try_plan(plan);
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
            if (try_plan(plan) == verdict)
                less = true;
            else
                plan->faults[i].dropped = false;
        }
    }
    minimise_print_plan(plan);
    print_command(plan);
    return verdict == SIM_UNSAFE ? 10 : verdict == SIM_STUCK ? 11 : 12;
}
