/* SPDX-License-Identifier: BSD-3-Clause */

/* What is wrong or unwise about the sentinels of a group. */

#include "core/examine.h"
#include "shell/report/doctor_check.h"
#include "shell/report/phrase.h"

#include <string.h>

#define TWIN_MS 60000 /* hellos come every two seconds */

static size_t majority_of(size_t voters)
{
    return voters / 2 + 1;
}

static void check_quorum_one(struct sn_doctor *doctor)
{
    size_t voters = doctor->of.voters;

    if (sn_group_params(doctor->group)->quorum > 1 || voters < 2)
        return;
    struct sn_finding *finding = sn_doctor_add(doctor, SN_SEVERITY_WARNING, "quorum-one", NULL);
    sn_buf_printf(&finding->found,
                  "The quorum is 1: one of %zu sentinels that cannot reach the master is enough "
                  "to begin a failover from a master that is well.",
                  voters);
    sn_buf_printf(&finding->remedy, "On all sentinels: SENTINEL SET %s quorum %zu.",
                  sn_group_name(doctor->group), majority_of(voters));
}

static void check_single_sentinel(struct sn_doctor *doctor)
{
    if (doctor->of.voters > 1 || sn_group_params(doctor->group)->quorum > 1)
        return;
    sn_doctor_say(sn_doctor_add(doctor, SN_SEVERITY_WARNING, "single-sentinel", NULL),
                  "No other sentinel is known: this one decides alone, and without it nobody "
                  "fails over.",
                  "Run three, on machines of their own.");
}

/* Two thirds fail as easily as three fourths. */
static void check_even_sentinels(struct sn_doctor *doctor)
{
    size_t voters = doctor->of.voters;

    if (voters == 0 || voters % 2 != 0)
        return;
    struct sn_finding *finding = sn_doctor_add(
        doctor, voters == 2 ? SN_SEVERITY_WARNING : SN_SEVERITY_ADVICE, "even-sentinels", NULL);
    if (voters == 2)
        sn_doctor_say(finding, "Two sentinels are known, and a failover needs both.",
                      "Run a third one, on a machine of its own.");
    else
        sn_buf_printf(&finding->found,
                      "%zu sentinels are known, of which %zu may fail: no more than of %zu.",
                      voters, voters - majority_of(voters), voters - 1);
    if (voters > 2)
        sn_buf_puts(&finding->remedy, "Run one more, or one less.");
}

static void tell_peer_down(struct sn_doctor *doctor, const struct sn_instance *peer,
                           const struct sn_peer_opinion *opinion)
{
    struct sn_finding *finding = sn_doctor_add(doctor, SN_SEVERITY_WARNING, "sentinel-down", peer);
    uint16_t port = 0;
    const char *host = sn_instance_address(peer, &port);

    sn_phrase_address(&finding->found, peer);
    if (opinion->opinion == SN_OPINION_USELESS) {
        sn_buf_puts(&finding->found, " is up, but its word does not count: ");
        sn_phrase_quoted(&finding->found, opinion->note);
    } else {
        struct sn_member_figures figures;
        sn_measure_member(peer, doctor->facts->now, &figures);
        sn_buf_puts(&finding->found, " is down for ");
        sn_phrase_span(&finding->found, figures.down_ms);
        sn_buf_putc(&finding->found, '.');
    }
    if (doctor->of.usable == doctor->of.needed)
        sn_buf_puts(&finding->found, " If one more fails, no failover is possible.");
    sn_buf_printf(&finding->remedy,
                  "Start it. If it is gone for good, on all sentinels: SENTINEL FORGET %s %s %u.",
                  sn_group_name(doctor->group), host, port);
}

static void check_peers_down(struct sn_doctor *doctor)
{
    const struct sn_instance *peer = sn_group_peer_first(doctor->group);

    for (; peer != NULL; peer = sn_instance_next(peer)) {
        struct sn_member_figures figures;
        struct sn_peer_opinion opinion;
        sn_measure_member(peer, doctor->facts->now, &figures);
        sn_explain_peer(peer, doctor->facts->now, &opinion);
        if ((figures.is_down || opinion.opinion == SN_OPINION_USELESS) &&
            !sn_doctor_has(doctor, "refused", peer))
            tell_peer_down(doctor, peer, &opinion);
    }
}

static void check_peers_differ(struct sn_doctor *doctor)
{
    const struct sn_instance *peer = sn_group_peer_first(doctor->group);

    for (; peer != NULL; peer = sn_instance_next(peer)) {
        struct sn_peer_differences of;
        sn_examine_peer(peer, doctor->facts->now, &of);
        if (of.other_master) {
            struct sn_finding *finding =
                sn_doctor_add(doctor, SN_SEVERITY_CRITICAL, "other-master", peer);
            sn_phrase_address(&finding->found, peer);
            sn_buf_puts(&finding->found, " is configured with another master, so that the two "
                                         "never agree that the master is down.");
            sn_buf_printf(&finding->remedy,
                          "Give %s the same address on all sentinels, or the groups different "
                          "names.",
                          sn_group_name(doctor->group));
        }
        if (of.settings != NULL) {
            struct sn_finding *finding =
                sn_doctor_add(doctor, SN_SEVERITY_WARNING, "settings-differ", peer);
            sn_phrase_address(&finding->found, peer);
            sn_buf_puts(&finding->found, " had other settings when it was asked, ");
            sn_phrase_span(&finding->found, of.settings_age_ms);
            sn_buf_printf(&finding->found, " ago: %s.", of.settings);
            sn_buf_printf(&finding->remedy,
                          "Set the same values on all sentinels, with SENTINEL SET %s; they are "
                          "compared again within a minute.",
                          sn_group_name(doctor->group));
        }
    }
}

static void check_twin(struct sn_doctor *doctor)
{
    const struct sn_reason_entry *entries[SN_REASONS_MAX];
    size_t count = sn_group_reasons(doctor->group, entries);

    for (size_t i = 0; i < count; i++) {
        sn_ms age_ms = doctor->facts->now - entries[i]->at;
        if (entries[i]->reason != SN_REASON_HELLO_TWIN || age_ms > TWIN_MS)
            continue;
        struct sn_finding *finding = sn_doctor_add(doctor, SN_SEVERITY_CRITICAL, "twin-id", NULL);
        sn_buf_puts(&finding->found, "Another sentinel has the id of this one, as its hello said ");
        sn_phrase_span(&finding->found, age_ms);
        sn_buf_puts(&finding->found, " ago. The two count as one.");
        sn_buf_puts(&finding->remedy, "Stop the copy, remove the line `sentinel myid` from its "
                                      "configuration, and start it again.");
        return;
    }
}

/* ---- addresses ------------------------------------------------------------------------------ */

static bool is_loopback_ip(const char *ip)
{
    return strncmp(ip, "127.", 4) == 0 || strcmp(ip, "::1") == 0;
}

/* Nobody else can connect to it. */
static bool is_local_only(const char *ip)
{
    return is_loopback_ip(ip) || (ip[0] != '\0' && !sn_addr_ip_usable(ip));
}

/* Returns the first of the members, from `member` on, whose address other machines can use. */
static const struct sn_instance *find_reachable(const struct sn_instance *member)
{
    for (; member != NULL; member = sn_instance_next(member)) {
        const char *ip = sn_examine_ip(member);
        if (ip[0] != '\0' && !is_local_only(ip))
            return member;
    }
    return NULL;
}

/* NULL: the group is on one machine, as far as its addresses tell. */
static const struct sn_instance *find_elsewhere(const struct sn_group *group)
{
    const struct sn_instance *master = sn_group_master(group);
    const char *ip = sn_examine_ip(master);

    if (ip[0] != '\0' && !is_local_only(ip))
        return master;
    const struct sn_instance *found = find_reachable(sn_group_replica_first(group));
    return found != NULL ? found : find_reachable(sn_group_peer_first(group));
}

static void check_announce_ip(struct sn_doctor *doctor)
{
    const char *announced = sn_core_globals(doctor->facts->core)->announce_ip;
    const struct sn_instance *elsewhere = find_elsewhere(doctor->group);

    if (announced == NULL || !sn_addr_is_ip(announced) || !is_local_only(announced) ||
        (is_loopback_ip(announced) && elsewhere == NULL) ||
        sn_doctor_has(doctor, "announce-ip", NULL))
        return;
    struct sn_finding *finding = sn_doctor_add(doctor, SN_SEVERITY_CRITICAL, "announce-ip", NULL);
    finding->group = NULL;
    sn_buf_printf(&finding->found,
                  "This sentinel announces %s, where no other machine can reach it", announced);
    if (elsewhere != NULL) {
        sn_buf_puts(&finding->found, "; others are at addresses such as ");
        sn_phrase_address(&finding->found, elsewhere);
    }
    sn_buf_putc(&finding->found, '.');
    sn_buf_puts(&finding->remedy, "SENTINEL CONFIG SET announce-ip, with the address at which the "
                                  "other sentinels reach it; \"\" if it may find that itself.");
}

static void tell_local_address(struct sn_doctor *doctor, const struct sn_instance *member,
                               const struct sn_instance *elsewhere)
{
    struct sn_finding *finding =
        sn_doctor_add(doctor, SN_SEVERITY_WARNING, "loopback-address", member);

    sn_phrase_address(&finding->found, member);
    sn_buf_puts(&finding->found, " is an address of this machine only, while others are at "
                                 "addresses such as ");
    sn_phrase_address(&finding->found, elsewhere);
    sn_buf_puts(&finding->found, ". Another sentinel or a client finds something else there.");
    sn_buf_puts(&finding->remedy, "Monitor, replicate and announce by addresses that all machines "
                                  "can use.");
}

static void check_addresses(struct sn_doctor *doctor)
{
    const struct sn_instance *elsewhere = find_elsewhere(doctor->group);
    const struct sn_instance *const lists[] = {sn_group_master(doctor->group),
                                               sn_group_replica_first(doctor->group),
                                               sn_group_peer_first(doctor->group)};

    if (elsewhere == NULL)
        return;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (const struct sn_instance *member = lists[i]; member != NULL;
             member = i == 0 ? NULL : sn_instance_next(member)) {
            if (is_local_only(sn_examine_ip(member)))
                tell_local_address(doctor, member, elsewhere);
        }
    }
}

/* Sentinels that fail together with the master. */
static size_t count_with_master(const struct sn_group *group)
{
    const struct sn_instance *master = sn_group_master(group);
    const struct sn_instance *peer = sn_group_peer_first(group);
    const char *ip = sn_examine_ip(master);
    size_t count = strcmp(sn_examine_own_ip(master), ip) == 0;

    for (; peer != NULL; peer = sn_instance_next(peer))
        count += strcmp(sn_examine_ip(peer), ip) == 0;
    return count;
}

/* Where all is on the loopback, nobody expects to survive the machine. */
static void check_same_machine(struct sn_doctor *doctor)
{
    const struct sn_instance *master = sn_group_master(doctor->group);
    const char *ip = sn_examine_ip(master);

    if (ip[0] == '\0' || is_local_only(ip))
        return;
    size_t count = count_with_master(doctor->group);
    if (count == 0)
        return;
    size_t left = doctor->of.voters - count;
    bool is_enough = left >= doctor->of.needed;
    struct sn_finding *finding =
        sn_doctor_add(doctor, is_enough ? SN_SEVERITY_ADVICE : SN_SEVERITY_CRITICAL,
                      "sentinel-with-master", master);
    sn_buf_printf(&finding->found,
                  "%zu of %zu sentinels are on the machine of the master, %s. If it fails, %zu are "
                  "left, and a failover needs %zu.",
                  count, doctor->of.voters, ip, left, doctor->of.needed);
    sn_buf_puts(&finding->remedy, is_enough ? "Run sentinels on machines without a master, if you "
                                              "can."
                                            : "Run sentinels on other machines.");
}

sn_doctor_check_fn *const sn_doctor_of_sentinels[] = {check_quorum_one,     check_single_sentinel,
                                                      check_even_sentinels, check_peers_down,
                                                      check_peers_differ,   check_twin,
                                                      check_announce_ip,    check_addresses,
                                                      check_same_machine,   NULL};
