# SPDX-License-Identifier: BSD-3-Clause
"""One vote per group and epoch, also across a power loss (PROTOCOL.md §4.4, §14.2).

The test itself plays the candidates, with made-up ids and epochs.
"""

import threading

import redis

ALICE = "a" * 40
BOB = "b" * 40


def alone(place):
    master = place.redis()
    # Never down, not even when the whole machine stands still for a while.
    sentinel = place.sentinel(place.monitor(master, quorum=2, down_after_ms=60000))
    return sentinel, master.port


def test_votes__first_come_first_served_and_never_for_an_older_epoch(place):
    sentinel, port = alone(place)
    assert sentinel.ask_vote(port, 0, "*") == [0, "*", 0]
    assert sentinel.ask_vote(port, 5, ALICE) == [0, ALICE, 5]
    assert sentinel.ask_vote(port, 5, BOB) == [0, ALICE, 5]
    assert sentinel.ask_vote(port, 4, BOB) == [0, ALICE, 5]
    assert sentinel.ask_vote(port, 6, BOB) == [0, BOB, 6]
    assert sentinel.ask_vote(port, 6, "*") == [0, "*", 0]
    assert sentinel.ask_vote(1, 7, BOB) == [0, "*", 0], "no group has this address"


def test_votes__not_twice_after_a_power_loss(place):
    sentinel, port = alone(place)
    for epoch in range(1, 11):
        assert sentinel.ask_vote(port, epoch, ALICE) == [0, ALICE, epoch]
        sentinel.restart()
        down, leader, voted = sentinel.ask_vote(port, epoch, BOB)
        assert (down, voted) == (0, epoch)
        assert leader in ("*", ALICE), f"voted for {leader} after {ALICE} in epoch {epoch}"
        down, leader, voted = sentinel.ask_vote(port, epoch - 1, BOB)
        assert leader in ("*", ALICE) and voted == epoch
    assert sentinel.ask_vote(port, 11, BOB) == [0, BOB, 11]


def test_votes__killed_while_voting(place):
    """Whatever answer got out before the kill binds the restarted sentinel."""
    sentinel, port = alone(place)
    for epoch in range(1, 21):
        answers = []

        def candidate(epoch=epoch, answers=answers):
            try:
                with sentinel.client() as client:
                    answers.append(client.execute_command(
                        "SENTINEL", "is-master-down-by-addr", "127.0.0.1", port, epoch, ALICE))
            except redis.RedisError:
                pass
        asker = threading.Thread(target=candidate)
        asker.start()
        # From before the request was read to after the answer was written.
        asker.join(epoch * 0.0005)
        sentinel.kill()
        asker.join()
        sentinel.start()

        _, leader, voted = sentinel.ask_vote(port, epoch, BOB)
        if answers:
            assert answers == [[0, ALICE, epoch]]
            assert leader in ("*", ALICE) and voted == epoch
        else:
            assert leader in ("*", ALICE, BOB) and voted == epoch
