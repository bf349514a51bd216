/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/net/resolver.h"

#include "base/addr.h"

#include "loop.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURNS 2 /* of the four threads that libuv has by default */

static uv_loop_t loop;
static struct sn_resolver *resolver;
static int answers;
static char answer_host[64];
static char answer_ip[64];

/* ---- the system's resolver, of the test's own ---- */

static int questions; /* read when no look-up is under way */
static uint8_t answer_byte;
static int held; /* names that begin with "slow" are answered when it is 0 */

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **list)
{
    static const uint8_t order[] = {7, 8};
    struct addrinfo *head = NULL;

    (void)service;
    (void)hints;
    __atomic_add_fetch(&questions, 1, __ATOMIC_SEQ_CST);
    while (strncmp(host, "slow", 4) == 0 && __atomic_load_n(&held, __ATOMIC_SEQ_CST) != 0)
        uv_sleep(1);
    if (strncmp(host, "unknown", 7) == 0)
        return EAI_NONAME;
    for (int i = 1; i >= 0; i--) {
        struct addrinfo *one = calloc(1, sizeof(*one));
        struct sockaddr_in *addr = calloc(1, sizeof(*addr));
        assert_non_null(one);
        assert_non_null(addr);
        addr->sin_family = AF_INET;
        addr->sin_addr.s_addr = htonl(0x0a000000U + answer_byte + order[i]);
        one->ai_family = AF_INET;
        one->ai_addrlen = sizeof(*addr);
        one->ai_addr = (struct sockaddr *)addr;
        one->ai_next = head;
        head = one;
    }
    *list = head;
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    while (list != NULL) {
        struct addrinfo *next = list->ai_next;
        free(list->ai_addr);
        free(list);
        list = next;
    }
}

static int set_up(void **state)
{
    (void)state;
    loop_start(&loop);
    resolver = sn_resolver_new(&loop, TURNS);
    answers = questions = 0;
    held = 0;
    answer_byte = 0;
    answer_host[0] = '\0';
    strcpy(answer_ip, "none yet");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (resolver != NULL)
        sn_resolver_close(resolver);
    loop_finish(&loop);
    return 0;
}

static void on_answer(void *arg, const char *host, const char *ip)
{
    assert_ptr_equal(arg, &answers);
    answers++;
    strncpy(answer_host, host, sizeof(answer_host) - 1);
    strncpy(answer_ip, ip, sizeof(answer_ip) - 1);
}

static bool is_answered(void)
{
    return answers > 0;
}

static void look_up(const char *host)
{
    sn_resolver_look_up(resolver, host, on_answer, &answers);
}

static void test_resolver__answers_literal_ips_at_once(void **state)
{
    (void)state;
    look_up("127.0.0.1");
    assert_int_equal(answers, 1);
    assert_string_equal(answer_ip, "127.0.0.1");
    look_up("::1");
    assert_int_equal(answers, 2);
    assert_string_equal(answer_ip, "::1");
}

/* As the other daemons: a sentinel that asks about another address gets no agreement. */
static void test_resolver__takes_the_first_address(void **state)
{
    (void)state;
    look_up("one.test");
    assert_int_equal(answers, 0);
    assert_true(loop_run_until(&loop, is_answered));
    assert_string_equal(answer_host, "one.test");
    assert_string_equal(answer_ip, "10.0.0.7");
}

static void test_resolver__answers_everybody_who_asked_for_a_name_once(void **state)
{
    (void)state;
    look_up("one.test");
    look_up("ONE.test");
    look_up("one.test");
    assert_true(loop_run_until(&loop, is_answered));
    assert_int_equal(answers, 3);
    assert_int_equal(questions, 1);
}

/* The kept time has passed on the loop's clock, which is all that the resolver reads. */
static void pass(uint64_t ms)
{
    uint64_t until = uv_now(&loop) + ms;

    while (uv_now(&loop) < until) {
        uv_sleep(5);
        uv_update_time(&loop);
    }
}

static bool is_answered_twice(void)
{
    return answers == 2;
}

/* Asks for a name twice. False: the machine took too long for a test of what is kept for a second.
 */
static bool ask_twice(const char *host, const char *ip)
{
    uint64_t before = uv_now(&loop);

    answers = questions = 0;
    look_up(host);
    assert_true(loop_run_until(&loop, is_answered));
    strcpy(answer_ip, "none yet");
    look_up(host);
    if (uv_now(&loop) - before >= 1000) {
        pass(2000);
        return false;
    }
    assert_int_equal(answers, 1); /* as always, later */
    assert_true(loop_run_until(&loop, is_answered_twice));
    assert_string_equal(answer_ip, ip);
    assert_int_equal(questions, 1);
    return true;
}

static void test_resolver__asks_for_a_name_once_a_second(void **state)
{
    (void)state;
    while (!ask_twice("one.test", "10.0.0.7"))
        ;
    while (!ask_twice("unknown.test", ""))
        ;
}

static void test_resolver__asks_again_after_that_second(void **state)
{
    (void)state;
    look_up("one.test");
    assert_true(loop_run_until(&loop, is_answered));
    pass(1000);
    answer_byte = 100;
    look_up("one.test");
    assert_true(loop_run_until(&loop, is_answered_twice));
    assert_string_equal(answer_ip, "10.0.0.107");
    assert_int_equal(questions, 2);
}

static int wanted;

static bool is_all_answered(void)
{
    return answers == wanted;
}

static void ask_all(int count)
{
    char host[32];

    for (int i = 0; i < count; i++) {
        snprintf(host, sizeof(host), "host%d.test", i);
        look_up(host);
    }
}

/* True if the first ones were still kept when the last ones were asked for again. */
static bool ask_all_twice(int count)
{
    uint64_t before = uv_now(&loop);

    answers = questions = 0;
    ask_all(count);
    wanted = count;
    assert_true(loop_run_until(&loop, is_all_answered));
    assert_int_equal(questions, count);
    ask_all(count);
    bool quick = uv_now(&loop) - before < 1000;
    wanted = 2 * count;
    assert_true(loop_run_until(&loop, is_all_answered));
    if (!quick)
        pass(2000);
    return quick;
}

/* Of more, the oldest is asked for again. */
static void test_resolver__keeps_a_thousand_names(void **state)
{
    (void)state;
    while (!ask_all_twice(1001))
        ;
    assert_int_equal(questions, 1002);
}

static void hold(bool on)
{
    __atomic_store_n(&held, on, __ATOMIC_SEQ_CST);
}

static bool is_first_answered(void)
{
    return strcmp(answer_host, "one.test") == 0;
}

/* Once a name is known to be answered late, others have a turn that it cannot take. */
static void test_resolver__names_that_hang_leave_turns_to_others(void **state)
{
    (void)state;
    hold(true);
    look_up("slow1.test");
    look_up("slow2.test");
    uv_update_time(&loop);
    pass(1000);
    hold(false);
    assert_true(loop_run_until(&loop, is_answered_twice));
    pass(1000);
    hold(true);
    look_up("slow1.test");
    look_up("slow2.test");
    look_up("one.test");
    bool answered = loop_run_until(&loop, is_first_answered);
    hold(false);
    assert_true(answered);
    wanted = 5;
    assert_true(loop_run_until(&loop, is_all_answered));
}

static void test_resolver__says_that_a_name_does_not_resolve(void **state)
{
    (void)state;
    look_up("unknown.test");
    assert_true(loop_run_until(&loop, is_answered));
    assert_string_equal(answer_ip, "");
}

static void test_resolver__refuses_what_is_no_host(void **state)
{
    (void)state;
    look_up("not a host");
    assert_int_equal(answers, 1);
    assert_string_equal(answer_ip, "");
}

static void ask_again(void *arg, const char *host, const char *ip)
{
    on_answer(arg, host, ip);
    if (answers == 1)
        sn_resolver_look_up(resolver, host, ask_again, arg);
}

static void test_resolver__may_be_asked_again_from_an_answer(void **state)
{
    (void)state;
    sn_resolver_look_up(resolver, "one.test", ask_again, &answers);
    assert_true(loop_run_until(&loop, is_answered_twice));
}

static void test_resolver__answers_nobody_after_closing(void **state)
{
    (void)state;
    look_up("one.test");
    look_up("unknown.test");
    look_up("two.test"); /* waits for its turn */
    look_up("three.test");
    sn_resolver_close(resolver);
    resolver = NULL;
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(answers, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_resolver__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_literal_ips_at_once),
        TEST(takes_the_first_address),
        TEST(answers_everybody_who_asked_for_a_name_once),
        TEST(asks_for_a_name_once_a_second),
        TEST(asks_again_after_that_second),
        TEST(keeps_a_thousand_names),
        TEST(names_that_hang_leave_turns_to_others),
        TEST(says_that_a_name_does_not_resolve),
        TEST(refuses_what_is_no_host),
        TEST(may_be_asked_again_from_an_answer),
        TEST(answers_nobody_after_closing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
