/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/process/scripts.h"

#include "fake_core.h"
#include "loop.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE_MS 500

static uv_loop_t loop;
static struct sn_driver *driver;
static struct sn_scripts *scripts;
static char folder[64];
static char script[96];
static char output[96];

static char *const *argv_to_start;
static uint64_t jobs_to_start;
static pid_t child_pid; /* of a script that would run on; 0: none */

static void perform(void *arg, const struct sn_action *action)
{
    (void)arg;
    assert_int_equal(action->kind, SN_ACTION_SCRIPT_START);
    sn_scripts_start(scripts, &action->u.script);
}

static void port_idle(void *arg)
{
    (void)arg;
}

static void on_step(const struct sn_input *event)
{
    if (event->kind != SN_INPUT_START)
        return;
    for (uint64_t id = 1; id <= jobs_to_start; id++)
        fake_core_act(SN_ACTION_SCRIPT_START)->u.script =
            (struct sn_action_script){.job = {id}, .argv = argv_to_start};
}

static int set_up(void **state)
{
    static const struct sn_driver_ports ports = {.perform = perform, .idle = port_idle};

    (void)state;
    fake_core_reset();
    fake_core.on_step = on_step;
    child_pid = 0;
    jobs_to_start = 1;
    strcpy(folder, "/tmp/sn-process-XXXXXX");
    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        return -1;
    snprintf(script, sizeof(script), "%s/sn-test-script", folder);
    snprintf(output, sizeof(output), "%s/output", folder);
    loop_start(&loop);
    driver = sn_driver_new(&loop, &fake_core, &ports, NULL);
    scripts = sn_scripts_new(&loop, NULL, GRACE_MS);
    sn_scripts_set_driver(scripts, driver);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (child_pid > 0)
        kill(child_pid, SIGKILL);
    if (scripts != NULL)
        sn_scripts_close(scripts);
    sn_driver_close(driver);
    loop_finish(&loop);
    fake_core_reset();
    unlink(script);
    unlink(output);
    if (chdir("/") != 0)
        return -1;
    return rmdir(folder);
}

static void write_script(const char *text)
{
    FILE *file = fopen(script, "w");

    assert_non_null(file);
    fprintf(file, "#!/bin/sh\n%s\n", text);
    fclose(file);
    assert_int_equal(chmod(script, 0700), 0);
}

static void start(char *const *argv)
{
    struct sn_input event = {.kind = SN_INPUT_START};

    argv_to_start = argv;
    sn_driver_feed(driver, &event);
}

static bool has_exited(void)
{
    return fake_core_count(SN_INPUT_SCRIPT_EXITED, NULL) > 0;
}

static const struct sn_input_script *wait_for_exit(void)
{
    const struct sn_input *last = NULL;

    assert_true(loop_run_until(&loop, has_exited));
    assert_int_equal(fake_core_count(SN_INPUT_SCRIPT_EXITED, &last), 1);
    assert_int_equal(last->u.script.job.v, 1);
    return &last->u.script;
}

static bool has_started(void)
{
    return fake_core_count(SN_INPUT_SCRIPT_STARTED, NULL) > 0;
}

static void expect_started(void)
{
    const struct sn_input *last = NULL;

    assert_true(loop_run_until(&loop, has_started));
    assert_int_equal(fake_core_count(SN_INPUT_SCRIPT_STARTED, &last), 1);
    assert_int_equal(last->u.script.job.v, 1);
    assert_true(last->u.script.pid > 0);
}

static const char *read_output(void)
{
    static char text[1024];
    FILE *file = fopen(output, "r");

    text[0] = '\0';
    if (file == NULL)
        return text;
    size_t len = fread(text, 1, sizeof(text) - 1, file);
    text[len] = '\0';
    fclose(file);
    return text;
}

static void test_process__passes_arguments_without_a_shell(void **state)
{
    (void)state;
    char *argv[] = {script, "+odown", "master m 127.0.0.1 6379 $HOME; ls", NULL};

    write_script("printf '%s|%s|%s' \"$#\" \"$1\" \"$2\" > output");
    start(argv);
    expect_started();
    const struct sn_input_script *end = wait_for_exit();
    assert_int_equal(end->status, 0);
    assert_int_equal(end->signal, 0);
    assert_true(end->spawned);
    assert_string_equal(read_output(), "2|+odown|master m 127.0.0.1 6379 $HOME; ls");
}

static void test_process__tells_the_exit_status(void **state)
{
    (void)state;
    char *argv[] = {script, NULL};

    write_script("exit 3");
    start(argv);
    assert_int_equal(wait_for_exit()->status, 3);
}

static void test_process__tells_a_death_by_signal(void **state)
{
    (void)state;
    char *argv[] = {script, NULL};

    write_script("kill -TERM $$");
    start(argv);
    const struct sn_input_script *end = wait_for_exit();
    assert_int_equal(end->signal, SIGTERM);
    assert_true(end->spawned);
}

static void test_process__tells_what_could_not_be_started(void **state)
{
    (void)state;
    char *argv[] = {"/nonexistent/script", NULL};

    start(argv);
    const struct sn_input_script *end = wait_for_exit();
    assert_false(end->spawned);
    assert_int_equal(end->status, 2);
    assert_int_equal(fake_core_count(SN_INPUT_SCRIPT_STARTED, NULL), 0);
}

static void test_process__takes_a_bare_name_from_the_working_directory(void **state)
{
    (void)state;
    char *argv[] = {"sn-test-script", NULL};
    char *not_in_path[] = {"true", NULL};

    write_script("exit 4");
    start(argv);
    assert_int_equal(wait_for_exit()->status, 4);
    fake_core_reset();
    fake_core.on_step = on_step;
    start(not_in_path);
    assert_false(wait_for_exit()->spawned);
}

static bool has_told_child(void)
{
    child_pid = (pid_t)strtol(read_output(), NULL, 10);
    return child_pid > 0 && strchr(read_output(), '\n') != NULL;
}

/* Its parent is gone too, so nobody but init can reap it: a zombie counts as ended. */
static bool child_is_gone(void)
{
    char path[64];
    char stat[256] = "";

    snprintf(path, sizeof(path), "/proc/%ld/stat", (long)child_pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return true;
    char *read = fgets(stat, sizeof(stat), file);
    fclose(file);
    return read == NULL || strstr(stat, ") Z ") != NULL;
}

static void test_process__kills_the_whole_group(void **state)
{
    (void)state;
    char *argv[] = {script, NULL};

    write_script("sleep 100 & echo $! > output; wait");
    start(argv);
    assert_true(loop_run_until(&loop, has_told_child));
    assert_false(child_is_gone());
    sn_scripts_kill(scripts, (struct sn_job_id){1});
    assert_int_equal(wait_for_exit()->signal, SIGKILL);
    assert_true(loop_run_until(&loop, child_is_gone));
    child_pid = 0;
}

/* The script ends at once and leaves a child behind. */
static void leave_a_child(const char *text, char **argv)
{
    write_script(text);
    start(argv);
    assert_true(loop_run_until(&loop, has_told_child));
    assert_true(loop_run_until(&loop, has_exited));
}

static void test_process__lets_what_a_script_left_go_on_for_a_moment_only(void **state)
{
    (void)state;
    char *argv[] = {script, NULL};

    leave_a_child("sleep 100 & echo $! > output; exit 0", argv);
    assert_false(child_is_gone());
    loop_run_for(&loop, GRACE_MS / 2);
    assert_false(child_is_gone());
    assert_true(loop_run_until(&loop, child_is_gone));
    child_pid = 0;
}

static void test_process__leaves_those_alone_that_have_a_session_of_their_own(void **state)
{
    (void)state;
    char *argv[] = {script, NULL};

    leave_a_child("setsid sh -c 'echo $$ > output; exec sleep 100' & exit 0", argv);
    loop_run_for(&loop, 2 * GRACE_MS);
    assert_false(child_is_gone());
}

static bool child_does_not_exist(void)
{
    return kill(child_pid, 0) != 0 && errno == ESRCH;
}

/* As process 1, where all orphans end: also those that are no zombies yet when it is known. */
static void test_process__waits_for_orphans_and_leaves_scripts_to_libuv(void **state)
{
    (void)state;
    char *argv[] = {script, NULL};

    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    leave_a_child("sleep 0.2 & echo $! > output; exit 7", argv);
    const struct sn_input_script *end = wait_for_exit();
    assert_int_equal(end->status, 7);
    assert_true(loop_run_until(&loop, child_does_not_exist));
    child_pid = 0;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

static void test_process__waits_for_children_that_were_there_before(void **state)
{
    (void)state;
    sn_scripts_close(scripts);
    child_pid = fork();
    if (child_pid == 0)
        _exit(3);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)child_pid, &info, WEXITED | WNOWAIT), 0);
    scripts = sn_scripts_new(&loop, NULL, GRACE_MS);
    sn_scripts_set_driver(scripts, driver);
    assert_true(child_does_not_exist());
    child_pid = 0;
}

static void test_process__kills_nothing_for_an_unknown_job(void **state)
{
    (void)state;
    char *argv[] = {script, NULL};

    write_script("sleep 0.05; exit 5");
    start(argv);
    sn_scripts_kill(scripts, (struct sn_job_id){2});
    assert_int_equal(wait_for_exit()->status, 5);
    sn_scripts_kill(scripts, (struct sn_job_id){1});
}

static bool all_have_exited(void)
{
    return fake_core_count(SN_INPUT_SCRIPT_EXITED, NULL) == jobs_to_start;
}

static size_t starts_before; /* this turn of the loop */
static size_t most_starts_in_turn;

static void on_turn(uv_prepare_t *prepare)
{
    size_t starts = fake_core_count(SN_INPUT_SCRIPT_STARTED, NULL);

    (void)prepare;
    if (starts - starts_before > most_starts_in_turn)
        most_starts_in_turn = starts - starts_before;
    starts_before = starts;
}

static void test_process__starts_one_script_a_turn(void **state)
{
    (void)state;
    char *argv[] = {script, NULL};
    uv_prepare_t turns;

    write_script("exit 0");
    jobs_to_start = FAKE_ACTIONS_MAX;
    starts_before = most_starts_in_turn = 0;
    uv_prepare_init(&loop, &turns);
    uv_prepare_start(&turns, on_turn);
    start(argv);
    assert_true(loop_run_until(&loop, all_have_exited));
    uv_close((uv_handle_t *)&turns, NULL);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(fake_core_count(SN_INPUT_SCRIPT_STARTED, NULL), jobs_to_start);
    assert_int_equal(most_starts_in_turn, 1);
}

static void test_process__kills_what_has_not_started_yet(void **state)
{
    (void)state;
    char *argv[] = {script, NULL};

    write_script("exit 0");
    start(argv);
    sn_scripts_kill(scripts, (struct sn_job_id){1});
    const struct sn_input_script *end = wait_for_exit();
    assert_false(end->spawned);
    assert_int_equal(end->status, 0);
    loop_run_for(&loop, 20);
    assert_false(has_started());
}

static void test_process__forgets_at_the_end_what_has_not_started_yet(void **state)
{
    (void)state;
    char *argv[] = {script, NULL};

    write_script("exit 0");
    start(argv);
    sn_scripts_close(scripts);
    scripts = NULL;
    loop_run_for(&loop, 20);
    assert_false(has_started());
    assert_false(has_exited());
}

static void test_process__leaves_running_scripts_alone_at_the_end(void **state)
{
    (void)state;
    char *argv[] = {script, NULL};

    write_script("echo $$ > output; exec sleep 100");
    start(argv);
    assert_true(loop_run_until(&loop, has_told_child));
    sn_scripts_close(scripts);
    scripts = NULL;
    loop_run_for(&loop, 20);
    assert_int_equal(kill(child_pid, 0), 0);
    assert_false(has_exited());
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_process__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(passes_arguments_without_a_shell),
        TEST(tells_the_exit_status),
        TEST(tells_a_death_by_signal),
        TEST(tells_what_could_not_be_started),
        TEST(takes_a_bare_name_from_the_working_directory),
        TEST(kills_the_whole_group),
        TEST(lets_what_a_script_left_go_on_for_a_moment_only),
        TEST(leaves_those_alone_that_have_a_session_of_their_own),
        TEST(waits_for_orphans_and_leaves_scripts_to_libuv),
        TEST(waits_for_children_that_were_there_before),
        TEST(kills_nothing_for_an_unknown_job),
        TEST(starts_one_script_a_turn),
        TEST(kills_what_has_not_started_yet),
        TEST(forgets_at_the_end_what_has_not_started_yet),
        TEST(leaves_running_scripts_alone_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
