/* SPDX-License-Identifier: BSD-3-Clause */

/* A pause of automatic failovers in files: in the Redis syntax it stands in a comment (DESIGN.md
 * D28). */

#include "conf_redis_kit.h"

#include "base/alloc.h"

#define HEAD  "sentinel monitor m 10.0.0.1 6379 2\n"
#define PAUSE "5 1700000060 on 3b8e95767f1adb4b44a4dcdaba4431ee682d8de5 a \\\"b\\\""

static void load_own(const char *text, struct sn_conf *conf)
{
    load(text, conf);
    conf->state_in_conf = true;
}

static void test_conf_pause__is_a_comment_for_stock(void **state)
{
    static const char text[] = HEAD "# of mine\n# sentinel pause m \"" PAUSE "\"\n";
    struct sn_conf conf;
    (void)state;
    load_own(text, &conf);
    assert_string_equal(conf.image.groups[0].pause,
                        "5 1700000060 on 3b8e95767f1adb4b44a4dcdaba4431ee682d8de5 a \"b\"");
    char *kept = render(&conf, text);
    assert_non_null(strstr(kept, "\n# of mine\n# sentinel pause m \"" PAUSE "\"\n"));
    sn_strset(&conf.image.groups[0].pause, "6 7 on x");
    char *changed = render(&conf, kept);
    assert_non_null(strstr(changed, "\n# of mine\n# sentinel pause m \"6 7 on x\"\n"));
    sn_strset(&conf.image.groups[0].pause, NULL);
    char *ended = render(&conf, changed);
    assert_null(strstr(ended, "pause"));
    assert_non_null(strstr(ended, "\n# of mine\n"));
    sn_conf_fini(&conf);
    free(kept);
    free(changed);
    free(ended);
}

/* Nothing in a comment keeps us from starting. */
static void test_conf_pause__that_is_none_is_a_comment(void **state)
{
    static const char *const comments[] = {
        "# sentinel pause m",
        "# sentinel pause m \"open",
        "# sentinel pause m a b",
        "# sentinel pause gone \"" PAUSE "\"",
        "# sentinel quorum m 1",
        "#sentinel pause m \"" PAUSE "\"",
        "# sentinel",
        "# sentinel pause m \"a\\x01b\"",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(comments) / sizeof(comments[0]); i++) {
        struct sn_buf text;
        struct sn_conf conf;
        sn_buf_init(&text, SIZE_MAX);
        sn_buf_printf(&text, HEAD "%s\n", comments[i]);
        load_own(sn_buf_text(&text), &conf);
        assert_null(conf.image.groups[0].pause);
        assert_int_equal(conf.image.groups[0].params.quorum, 2);
        sn_conf_fini(&conf);
        sn_buf_fini(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conf_pause__is_a_comment_for_stock),
        cmocka_unit_test(test_conf_pause__that_is_none_is_a_comment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
