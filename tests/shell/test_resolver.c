/* SPDX-License-Identifier: BSD-3-Clause */
#include "shell/net/resolver.h"

#include "base/addr.h"

#include "loop.h"

#include <netdb.h>
#include <string.h>

static uv_loop_t loop;
static struct sn_resolver *resolver;
static int answers;
static char answer_host[64];
static char answer_ip[64];

static int set_up(void **state)
{
    (void)state;
    uv_loop_init(&loop);
    resolver = sn_resolver_new(&loop);
    answers = 0;
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

/* A bare file tree without /etc/hosts does not know the name. */
static void need_localhost(void)
{
    struct addrinfo *found;

    if (getaddrinfo("localhost", NULL, NULL, &found) != 0)
        skip();
    freeaddrinfo(found);
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
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char first[SN_IP_MAX + 1];

    (void)state;
    need_localhost();
    assert_int_equal(getaddrinfo("localhost", NULL, &hints, &found), 0);
    assert_int_equal(getnameinfo(found->ai_addr, found->ai_addrlen, first, sizeof(first), NULL, 0,
                                 NI_NUMERICHOST),
                     0);
    freeaddrinfo(found);
    look_up("localhost");
    assert_int_equal(answers, 0);
    assert_true(loop_run_until(&loop, is_answered));
    assert_string_equal(answer_host, "localhost");
    assert_string_equal(answer_ip, first);
}

static void test_resolver__answers_everybody_who_asked_for_a_name_once(void **state)
{
    (void)state;
    look_up("localhost");
    look_up("LOCALHOST");
    look_up("localhost");
    assert_true(loop_run_until(&loop, is_answered));
    assert_int_equal(answers, 3);
}

static void test_resolver__says_that_a_name_does_not_resolve(void **state)
{
    (void)state;
    /* Two labels of which no resolver can make anything; decided without a network. */
    look_up("a..b");
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

static bool is_answered_twice(void)
{
    return answers == 2;
}

static void test_resolver__may_be_asked_again_from_an_answer(void **state)
{
    (void)state;
    sn_resolver_look_up(resolver, "localhost", ask_again, &answers);
    assert_true(loop_run_until(&loop, is_answered_twice));
}

static void test_resolver__answers_nobody_after_closing(void **state)
{
    (void)state;
    look_up("localhost");
    look_up("a..b");
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
        TEST(says_that_a_name_does_not_resolve),
        TEST(refuses_what_is_no_host),
        TEST(may_be_asked_again_from_an_answer),
        TEST(answers_nobody_after_closing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
