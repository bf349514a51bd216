/* SPDX-License-Identifier: BSD-3-Clause */

/* What a failover will need is tried when the link to a data node is made. */

#include "core_kit.h"

#include <string.h>

#define REFUSED "log W master m1 10.0.0.1 6379 answers, but refuses us: "
#define HELD                                                                                       \
    (KIT_HOLD(SN_ORDER_TRY_FOLLOW) | KIT_HOLD(SN_ORDER_TRY_KILL) | KIT_HOLD(SN_ORDER_TRY_EXEC) |   \
     KIT_HOLD(SN_ORDER_TRY_TRANSACTION))

static const char *shown(struct kit *kit)
{
    const char *note = kit_instance(kit, "m1", "n1")->cmd->note;
    return note == NULL ? "" : note;
}

/* n1 has been connected anew; what is tried on it waits for kit_reply. */
static struct kit *connected_anew(void)
{
    struct kit *kit = kit_new("m1 n1 down-after 10000 peers a");
    kit_to(kit, 500);
    kit->hold = HELD;
    kit_clear(kit);
    kit_drop(kit, "n1");
    kit_drop(kit, "a");
    kit_to(kit, 500);
    return kit;
}

static const char *names(struct kit *kit)
{
    return kit_names(kit, kit_instance(kit, "m1", "n1")->cmd->id);
}

static void test_rights__all_are_tried_on_each_new_link_to_a_data_node(void **state)
{
    struct kit *kit = connected_anew();
    (void)state;
    kit_expect(kit, "try-follow try-kill try-exec try-transaction",
               "try-follow n1\ntry-kill n1\ntry-exec n1\n");
    kit_reply(kit, "n1", SN_ORDER_TRY_FOLLOW, "-ERR Invalid master port");
    kit_reply(kit, "n1", SN_ORDER_TRY_KILL, "-ERR client-id should be greater than 0");
    kit_reply(kit, "n1", SN_ORDER_TRY_EXEC, "-ERR EXEC without MULTI");
    kit_expect(kit, "try-follow try-kill try-exec try-transaction", "try-transaction n1\n");
    kit_reply_queue_error(kit, "n1", SN_ORDER_TRY_TRANSACTION,
                          "-EXECABORT Transaction discarded because of previous errors.",
                          "ERR wrong number of arguments for 'slaveof' command");
    assert_string_equal(shown(kit), "");
    kit_to(kit, 30000);
    kit_expect(kit, "log try-follow try-kill try-exec try-transaction", "");
    kit_free(kit);
}

static void test_rights__missing_one_is_told_shown_and_tried_until_it_is_there(void **state)
{
    static const struct {
        enum sn_order order;
        const char *word, *reply, *queue_error, *told;
    } rows[] = {
        {SN_ORDER_TRY_FOLLOW, "try-follow n1", "-NOPERM no slaveof", "", "SLAVEOF"},
        {SN_ORDER_TRY_KILL, "try-kill n1", "-NOPERM no client|kill", "", "CLIENT KILL"},
        {SN_ORDER_TRY_KILL, "try-kill n1", "-ERR unknown command 'CLIENT'", "", "CLIENT KILL"},
        {SN_ORDER_TRY_EXEC, "try-exec n1", "-EXECABORT because of: NOPERM no exec", "", "EXEC"},
        {SN_ORDER_TRY_TRANSACTION, "try-transaction n1", "-ERR EXEC without MULTI",
         "NOPERM no multi", "MULTI"},
        {SN_ORDER_TRY_TRANSACTION, "try-transaction n1", "-EXECABORT", "NOPERM no config|rewrite",
         "CONFIG REWRITE (orders are sent without it"},
        {SN_ORDER_TRY_TRANSACTION, "try-transaction n1", "-EXECABORT",
         "ERR unknown command `CONFIG`", "CONFIG REWRITE (orders are sent without it"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = connected_anew();
        kit->hold = KIT_HOLD(rows[i].order);
        kit_to(kit, 3000);
        kit_clear(kit);
        kit_reply_queue_error(kit, "n1", rows[i].order, rows[i].reply, rows[i].queue_error);
        assert_int_equal(kit_count(kit, REFUSED), 1);
        assert_non_null(strstr(kit_find(kit, REFUSED), rows[i].told));
        assert_non_null(strstr(shown(kit), rows[i].told));
        kit_clear(kit);
        kit_to(kit, 40000);
        assert_int_equal(kit_count(kit, rows[i].word), 1);
        kit_reply_queue_error(kit, "n1", rows[i].order, rows[i].reply, rows[i].queue_error);
        assert_int_equal(kit_count(kit, "log W"), 0);
        kit->hold = 0;
        kit_to(kit, 80000);
        assert_string_equal(shown(kit), "");
        kit_clear(kit);
        kit_to(kit, 120000);
        assert_int_equal(kit_count(kit, "try-"), 0);
        kit_free(kit);
    }
}

static void test_rights__no_transaction_is_begun_that_could_not_be_ended(void **state)
{
    struct kit *kit = connected_anew();
    (void)state;
    kit_reply(kit, "n1", SN_ORDER_TRY_EXEC, "-NOPERM no exec");
    kit_to(kit, 60000);
    assert_int_equal(kit_count(kit, "try-transaction"), 0);
    kit_free(kit);
}

static void test_rights__a_server_that_cannot_answer_yet_is_asked_again(void **state)
{
    struct kit *kit = connected_anew();
    (void)state;
    kit_reply(kit, "n1", SN_ORDER_TRY_FOLLOW, "-LOADING Redis is loading the dataset in memory");
    kit_reply(kit, "n1", SN_ORDER_TRY_EXEC,
              "-EXECABORT Transaction discarded because of: BUSY Redis is busy running a script.");
    kit_clear(kit);
    kit_to(kit, 30000);
    assert_int_equal(kit_count(kit, "try-follow n1"), 1);
    assert_int_equal(kit_count(kit, "try-exec n1"), 1);
    assert_int_equal(kit_count(kit, "try-transaction"), 0);
    assert_int_equal(kit_count(kit, "log W"), 0);
    kit_free(kit);
}

static void test_rights__replicaof_where_slaveof_is_unknown(void **state)
{
    struct kit *kit = connected_anew();
    (void)state;
    assert_string_equal(names(kit), "");
    kit_clear(kit);
    kit_reply(kit, "n1", SN_ORDER_TRY_FOLLOW, "-ERR unknown command 'SLAVEOF', with args");
    assert_string_equal(names(kit), "SLAVEOF=REPLICAOF");
    kit_expect(kit, "log try-follow", "try-follow n1\n");
    kit_reply(kit, "n1", SN_ORDER_TRY_FOLLOW, "-ERR Invalid master port");
    assert_string_equal(shown(kit), "");
    kit->hold = 0;
    kit_drop(kit, "n1"); /* it may be another server by now */
    kit_to(kit, 1500);
    assert_string_equal(names(kit), "");
    kit_free(kit);
}

static void test_rights__neither_of_them_is_told(void **state)
{
    struct kit *kit = connected_anew();
    (void)state;
    kit_reply(kit, "n1", SN_ORDER_TRY_FOLLOW, "-ERR unknown command 'SLAVEOF', with args");
    kit_clear(kit);
    kit_reply(kit, "n1", SN_ORDER_TRY_FOLLOW, "-ERR unknown command 'REPLICAOF', with args");
    assert_int_equal(kit_count(kit, REFUSED "SLAVEOF"), 1);
    kit_free(kit);
}

static void test_rights__the_operators_name_goes_first(void **state)
{
    struct kit *kit = connected_anew();
    (void)state;
    struct sn_change change = {
        .option = SN_OPTION_RENAME_COMMAND, .value = "SLAVEOF", .to = "secret-name"};
    struct sn_command set = {
        .kind = SN_COMMAND_SET, .name = "m1", .name_len = 2, .changes = &change, .change_count = 1};
    kit_command(kit, &set);
    kit_reply(kit, "n1", SN_ORDER_TRY_FOLLOW, "-ERR unknown command 'secret-name', with args");
    kit_to(kit, 2000);
    assert_string_equal(names(kit), "SLAVEOF=secret-name");
    kit_free(kit);
}

/* Every way in which CONFIG can be gone; what is left of the order goes out all the same. */
static void test_rights__orders_go_without_a_refused_config_rewrite(void **state)
{
    static const char *const errors[] = {
        "NOPERM this user has no permissions to run the 'config|rewrite' command",
        "NOPERM User s has no permissions to run the 'config' command or its subcommand",
        "ERR unknown command 'CONFIG', with args beginning with: 'REWRITE' ",
        "ERR unknown command `CONFIG`, with args beginning with: `REWRITE`, "};
    (void)state;
    for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
        struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");
        kit_to(kit, 500);
        kit->hold = KIT_HOLD(SN_ORDER_TRY_TRANSACTION) | KIT_HOLD(SN_ORDER_PROMOTE);
        kit_drop(kit, "n2");
        kit_to(kit, 1000);
        kit_reply_queue_error(kit, "n2", SN_ORDER_TRY_TRANSACTION, "-EXECABORT Transaction",
                              errors[i]);
        assert_int_equal(kit_count(kit, "log W slave 10.0.0.2:6379"), 1);
        kit_failover(kit, "m1", SN_MODE_FORCED);
        assert_int_equal(kit_count(kit, "promote n2 no-rewrite"), 1);
        kit_node(kit, "n2")->role = SN_ROLE_MASTER;
        kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[+OK|:1|:0]");
        assert_int_equal(kit_count(kit, "log W Promoted 10.0.0.2:6379 without CONFIG REWRITE"), 1);
        kit_to(kit, 1500);
        assert_int_equal(kit_count(kit, "event W +switch-master"), 1);
        kit_free(kit);
    }
}

/* The right was taken away after the trial: the void order is given again, once. */
static void test_rights__void_orders_are_repeated_without_config_rewrite(void **state)
{
    static const char gone[] = "NOPERM no permissions to run the 'config|rewrite' command";
    struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");
    (void)state;
    kit->hold = KIT_HOLD(SN_ORDER_PROMOTE) | KIT_HOLD(SN_ORDER_FOLLOW);
    kit_to(kit, 500);
    kit_failover(kit, "m1", SN_MODE_FORCED);
    kit_clear(kit);
    kit_reply_queue_error(kit, "n2", SN_ORDER_PROMOTE, "-EXECABORT Transaction", gone);
    kit_expect(kit, "promote", "promote n2 no-rewrite\n");
    kit_node(kit, "n2")->role = SN_ROLE_MASTER;
    kit_reply(kit, "n2", SN_ORDER_PROMOTE, "[+OK|:1|:0]");
    kit_to(kit, 700);
    assert_int_equal(kit_count(kit, "follow n3 10.0.0.2 6379"), 1);
    kit_clear(kit);
    kit_reply_queue_error(kit, "n3", SN_ORDER_FOLLOW, "-EXECABORT Transaction", gone);
    kit_expect(kit, "follow", "follow n3 10.0.0.2 6379 no-rewrite\n");
    /* It is not what makes this one void. */
    kit_reply_queue_error(kit, "n3", SN_ORDER_FOLLOW, "-EXECABORT Transaction", gone);
    kit_expect(kit, "follow", "");
    kit_free(kit);
}

/* Another word that is missing still makes it the next one's turn. */
static void test_rights__nothing_else_is_left_out(void **state)
{
    static const char *const errors[] = {"NOPERM no permissions to run the 'slaveof' command",
                                         "NOPERM no permissions to run the 'client|kill' command"};
    (void)state;
    for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
        struct kit *kit = kit_new("m1 n1 replicas n2,n3 peers a,b");
        kit->hold = KIT_HOLD(SN_ORDER_PROMOTE);
        kit_to(kit, 500);
        kit_failover(kit, "m1", SN_MODE_FORCED);
        kit_clear(kit);
        kit_reply_queue_error(kit, "n2", SN_ORDER_PROMOTE, "-EXECABORT Transaction", errors[i]);
        kit_expect(kit, "promote", "promote n3\n");
        kit_free(kit);
    }
}

static void test_rights__no_pause_is_told_at_connect_and_once_in_a_group(void **state)
{
    static const char *const refusals[] = {
        "-NOPERM User w has no permissions to run the 'client|pause' command",
        "-ERR unknown command 'CLIENT', with args",
        "-ERR Unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP."};
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
        struct kit *kit = kit_new("m1 n1 replicas n2 down-after 10000");
        kit_to(kit, 500);
        kit->hold = KIT_HOLD(SN_ORDER_TRY_PAUSE);
        kit_drop(kit, "n1");
        kit_drop(kit, "n2");
        kit_to(kit, 2000);
        kit_clear(kit);
        kit_reply(kit, "n1", SN_ORDER_TRY_PAUSE, refusals[i]);
        kit_reply(kit, "n2", SN_ORDER_TRY_PAUSE, refusals[i]);
        assert_int_equal(kit_count(kit, "log N"), 1);
        assert_non_null(kit_find(kit, "log N master m1 10.0.0.1 6379 refuses CLIENT PAUSE: "));
        assert_non_null(strstr(kit_find(kit, "log N"), "+client|pause"));
        assert_int_equal(kit_count(kit, "log W"), 0);
        assert_string_equal(shown(kit), ""); /* nothing that is needed is missing */
        kit_drop(kit, "n1");
        kit_to(kit, 30000);
        kit_reply(kit, "n1", SN_ORDER_TRY_PAUSE, refusals[i]);
        assert_int_equal(kit_count(kit, "refuses CLIENT PAUSE"), 0);
        assert_int_equal(kit_count(kit, "log N"), 1);
        kit_free(kit);
    }
}

static void test_rights__to_pause_need_no_word(void **state)
{
    static const char *const answers[] = {"-ERR timeout is not an integer or out of range",
                                          "-LOADING Redis is loading", "-NOAUTH"};
    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        struct kit *kit = connected_anew();
        kit->hold = KIT_HOLD(SN_ORDER_TRY_PAUSE);
        kit_to(kit, 2000);
        kit_drop(kit, "n1");
        kit_to(kit, 2000);
        kit_clear(kit);
        kit_reply(kit, "n1", SN_ORDER_TRY_PAUSE, answers[i]);
        assert_int_equal(kit_count(kit, "log"), 0);
        kit_free(kit);
    }
}

#define VOID   "-EXECABORT Transaction discarded because of previous errors."
#define SYNTAX "ERR wrong number of arguments for 'slaveof' command"

/* Outside of a transaction it would end a pause, whoever has begun it. */
static void test_rights__unpause_is_tried_only_in_a_transaction_that_is_void(void **state)
{
    static const struct {
        const char *pause, *answer, *queue_error;
        size_t tries;
    } rows[] = {
        {"-ERR timeout is not an integer", VOID, SYNTAX, 1},
        {"-ERR timeout is not an integer", VOID, "NOPERM no config|rewrite", 1},
        {"-ERR timeout is not an integer", "-ERR EXEC without MULTI", "NOPERM no multi", 0},
        {"-ERR timeout is not an integer", "-ERR EXEC without MULTI", SYNTAX, 0},
        {"-ERR timeout is not an integer", "-LOADING Redis is loading", "", 0},
        {"-NOPERM no client|pause", VOID, SYNTAX, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct kit *kit = connected_anew();
        kit->hold = KIT_HOLD(SN_ORDER_TRY_PAUSE) | KIT_HOLD(SN_ORDER_TRY_TRANSACTION);
        kit_to(kit, 2000);
        kit_drop(kit, "n1");
        kit_to(kit, 3000);
        kit_reply(kit, "n1", SN_ORDER_TRY_PAUSE, rows[i].pause);
        kit_clear(kit);
        kit_reply_queue_error(kit, "n1", SN_ORDER_TRY_TRANSACTION, rows[i].answer,
                              rows[i].queue_error);
        assert_int_equal(kit_count(kit, "try-unpause n1"), rows[i].tries);
        /* Once on a connection, whatever else is tried again. */
        for (int n = 0; n < 3; n++) {
            kit_to(kit, kit_now(kit) + 20000);
            if (kit_count(kit, "try-transaction n1") > 0)
                kit_reply_queue_error(kit, "n1", SN_ORDER_TRY_TRANSACTION, rows[i].answer,
                                      rows[i].queue_error);
            kit_expect(kit, "try-unpause", n == 0 && rows[i].tries > 0 ? "try-unpause n1\n" : "");
        }
        kit_free(kit);
    }
}

static void test_rights__no_unpause_is_told_at_connect_and_once_in_a_group(void **state)
{
    static const char *const refusals[] = {
        "NOPERM User w has no permissions to run the 'client|unpause' command",
        "NOPERM this user has no permissions to run the 'client' command or its subcommand",
        "ERR unknown subcommand 'UNPAUSE'. Try CLIENT HELP."};
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
        struct kit *kit = kit_new("m1 n1 replicas n2 down-after 10000");
        kit_to(kit, 500);
        kit->hold = KIT_HOLD(SN_ORDER_TRY_TRANSACTION) | KIT_HOLD(SN_ORDER_TRY_UNPAUSE);
        kit_drop(kit, "n1");
        kit_drop(kit, "n2");
        kit_to(kit, 2000);
        kit_clear(kit);
        kit_reply_queue_error(kit, "n1", SN_ORDER_TRY_TRANSACTION, VOID, SYNTAX);
        kit_reply_queue_error(kit, "n2", SN_ORDER_TRY_TRANSACTION, VOID, SYNTAX);
        kit_reply_queue_error(kit, "n1", SN_ORDER_TRY_UNPAUSE, VOID, refusals[i]);
        kit_reply_queue_error(kit, "n2", SN_ORDER_TRY_UNPAUSE, VOID, refusals[i]);
        assert_int_equal(kit_count(kit, "log N"), 1);
        assert_non_null(kit_find(kit, "log N master m1 10.0.0.1 6379 refuses CLIENT UNPAUSE: "));
        assert_non_null(strstr(kit_find(kit, "log N"), "up to 7000 ms"));
        assert_int_equal(kit_count(kit, "log W"), 0);
        assert_string_equal(shown(kit), "");
        kit_free(kit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rights__no_pause_is_told_at_connect_and_once_in_a_group),
        cmocka_unit_test(test_rights__unpause_is_tried_only_in_a_transaction_that_is_void),
        cmocka_unit_test(test_rights__no_unpause_is_told_at_connect_and_once_in_a_group),
        cmocka_unit_test(test_rights__to_pause_need_no_word),
        cmocka_unit_test(test_rights__all_are_tried_on_each_new_link_to_a_data_node),
        cmocka_unit_test(test_rights__missing_one_is_told_shown_and_tried_until_it_is_there),
        cmocka_unit_test(test_rights__no_transaction_is_begun_that_could_not_be_ended),
        cmocka_unit_test(test_rights__a_server_that_cannot_answer_yet_is_asked_again),
        cmocka_unit_test(test_rights__replicaof_where_slaveof_is_unknown),
        cmocka_unit_test(test_rights__neither_of_them_is_told),
        cmocka_unit_test(test_rights__the_operators_name_goes_first),
        cmocka_unit_test(test_rights__orders_go_without_a_refused_config_rewrite),
        cmocka_unit_test(test_rights__void_orders_are_repeated_without_config_rewrite),
        cmocka_unit_test(test_rights__nothing_else_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
