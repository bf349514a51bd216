/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/prng.h"
#include "base/timer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TIMER_COUNT 200

static void test_timer__fires_at_its_deadline_and_not_before(void **state)
{
    struct sn_timers timers;
    struct sn_timer timer;
    int owner;

    (void)state;
    sn_timers_init(&timers);
    sn_timer_init(&timer, 7, &owner);
    assert_true(sn_timers_next(&timers) == SN_MS_NEVER);
    sn_timer_set(&timers, &timer, 100);
    assert_true(sn_timers_next(&timers) == 100);
    assert_null(sn_timers_pop(&timers, 99));
    assert_ptr_equal(sn_timers_pop(&timers, 100), &timer);
    assert_true(timer.at == SN_MS_NEVER);
    assert_int_equal(timer.kind, 7);
    assert_ptr_equal(timer.owner, &owner);
    assert_null(sn_timers_pop(&timers, SN_MS_NEVER));
    sn_timer_set(&timers, &timer, 200);
    assert_ptr_equal(sn_timers_pop(&timers, 5000), &timer);
    sn_timers_fini(&timers);
}

static void test_timer__ties_fire_in_the_order_of_arming(void **state)
{
    struct sn_timers timers;
    struct sn_timer list[50];

    (void)state;
    sn_timers_init(&timers);
    for (int i = 0; i < 50; i++)
        sn_timer_init(&list[i], i, NULL);
    for (int i = 0; i < 50; i++)
        sn_timer_set(&timers, &list[(i * 7) % 50], 10);
    /* Armed again for the same instant: now the last. */
    sn_timer_set(&timers, &list[0], 10);
    for (int i = 1; i < 50; i++)
        assert_ptr_equal(sn_timers_pop(&timers, 10), &list[(i * 7) % 50]);
    assert_ptr_equal(sn_timers_pop(&timers, 10), &list[0]);
    assert_null(sn_timers_pop(&timers, 10));
    sn_timers_fini(&timers);
}

static void test_timer__pull_never_postpones(void **state)
{
    struct sn_timers timers;
    struct sn_timer a, b;

    (void)state;
    sn_timers_init(&timers);
    sn_timer_init(&a, 1, NULL);
    sn_timer_init(&b, 2, NULL);
    sn_timer_pull(&timers, &a, 50);
    assert_true(a.at == 50);
    sn_timer_set(&timers, &b, 50);
    sn_timer_pull(&timers, &a, 51);
    assert_true(a.at == 50);
    sn_timer_pull(&timers, &a, 50);
    assert_ptr_equal(sn_timers_pop(&timers, 50), &a);
    sn_timer_pull(&timers, &b, 49);
    assert_ptr_equal(sn_timers_pop(&timers, 49), &b);
    sn_timers_fini(&timers);
}

static void test_timer__stop_and_never_disarm(void **state)
{
    struct sn_timers timers;
    struct sn_timer a, b;

    (void)state;
    sn_timers_init(&timers);
    sn_timer_init(&a, 1, NULL);
    sn_timer_init(&b, 2, NULL);
    sn_timer_stop(&timers, &a);
    sn_timer_set(&timers, &a, SN_MS_NEVER);
    assert_int_equal(timers.count, 0);
    sn_timer_set(&timers, &a, 1);
    sn_timer_set(&timers, &b, 2);
    sn_timer_stop(&timers, &a);
    assert_true(sn_timers_next(&timers) == 2);
    sn_timer_set(&timers, &b, SN_MS_NEVER);
    assert_true(sn_timers_next(&timers) == SN_MS_NEVER);
    assert_true(b.at == SN_MS_NEVER);
    sn_timers_fini(&timers);
}

static void test_timer__keeps_its_place_while_it_is_put_off(void **state)
{
    struct sn_timers timers;
    struct sn_timer first, other;

    (void)state;
    sn_timers_init(&timers);
    sn_timer_init(&first, 1, NULL);
    sn_timer_init(&other, 2, NULL);
    sn_timer_set(&timers, &first, 5);
    sn_timer_set(&timers, &other, 10);
    sn_timer_set(&timers, &other, 20);
    assert_true(timers.slots[1].at == 10);
    sn_timer_set(&timers, &other, SN_MS_NEVER);
    assert_int_equal(timers.count, 2);
    sn_timer_set(&timers, &other, 30);
    sn_timer_stop(&timers, &first);
    assert_true(sn_timers_next(&timers) == 30);
    assert_null(sn_timers_pop(&timers, 29));
    sn_timer_set(&timers, &first, 40);
    sn_timer_set(&timers, &first, SN_MS_NEVER);
    assert_int_equal(timers.count, 2);
    sn_timer_stop(&timers, &first);
    assert_int_equal(timers.count, 1);
    assert_ptr_equal(sn_timers_pop(&timers, 30), &other);
    sn_timers_fini(&timers);
}

/* What the heap must agree with: a scan over everything. */
struct model {
    sn_ms at[TIMER_COUNT];
    uint64_t order[TIMER_COUNT];
    uint64_t next_order;
};

static int model_first(const struct model *model)
{
    int first = -1;

    for (int i = 0; i < TIMER_COUNT; i++) {
        if (model->at[i] == SN_MS_NEVER)
            continue;
        if (first < 0 || model->at[i] < model->at[first] ||
            (model->at[i] == model->at[first] && model->order[i] < model->order[first]))
            first = i;
    }
    return first;
}

static void model_set(struct model *model, int i, sn_ms at)
{
    model->at[i] = at;
    model->order[i] = model->next_order++;
}

static void check_pop(struct sn_timers *timers, struct model *model, sn_ms now)
{
    int first = model_first(model);
    sn_ms next = first < 0 ? SN_MS_NEVER : model->at[first];

    assert_true(sn_timers_next(timers) == next);
    struct sn_timer *popped = sn_timers_pop(timers, now);
    if (next > now) {
        assert_null(popped);
    } else {
        assert_non_null(popped);
        assert_int_equal(popped->kind, first);
        model->at[first] = SN_MS_NEVER;
    }
}

/* Does one random thing to one of the first count timers, and the same to the model. */
static void random_step(struct sn_timers *timers, struct sn_timer *list, struct model *model,
                        struct sn_prng *prng, int count)
{
    int i = (int)sn_prng_below(prng, (uint64_t)count);
    /* Few distinct instants: many ties. */
    sn_ms at = (sn_ms)sn_prng_below(prng, 60) - 10;

    switch (sn_prng_below(prng, 5)) {
    case 0:
    case 1:
        sn_timer_set(timers, &list[i], at);
        model_set(model, i, at);
        break;
    case 2:
        sn_timer_pull(timers, &list[i], at);
        if (at < model->at[i])
            model_set(model, i, at);
        break;
    case 3:
        sn_timer_stop(timers, &list[i]);
        model->at[i] = SN_MS_NEVER;
        break;
    default:
        check_pop(timers, model, at);
    }
    assert_true(list[i].at == model->at[i]);
}

/* Many small heaps, not one large one: mistakes at the last places show when a heap is drained. */
static void test_timer__agrees_with_a_scan_under_random_operations(void **state)
{
    static struct sn_timer list[TIMER_COUNT];
    static struct model model;
    struct sn_timers timers;
    struct sn_prng prng;

    (void)state;
    sn_timers_init(&timers);
    sn_prng_init(&prng, 11);
    for (int i = 0; i < TIMER_COUNT; i++) {
        sn_timer_init(&list[i], i, NULL);
        model.at[i] = SN_MS_NEVER;
    }
    for (int round = 0; round < 600; round++) {
        int count = 1 + (round < 500 ? round % 10 : (int)sn_prng_below(&prng, TIMER_COUNT));
        for (int step = 0; step < 10 * count; step++)
            random_step(&timers, list, &model, &prng, count);
        while (timers.count > 0)
            check_pop(&timers, &model, 1000);
        assert_int_equal(model_first(&model), -1);
    }
    sn_timers_fini(&timers);
    assert_true(sn_timers_next(&timers) == SN_MS_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timer__fires_at_its_deadline_and_not_before),
        cmocka_unit_test(test_timer__ties_fire_in_the_order_of_arming),
        cmocka_unit_test(test_timer__pull_never_postpones),
        cmocka_unit_test(test_timer__stop_and_never_disarm),
        cmocka_unit_test(test_timer__keeps_its_place_while_it_is_put_off),
        cmocka_unit_test(test_timer__agrees_with_a_scan_under_random_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
