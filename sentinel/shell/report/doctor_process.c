/* SPDX-License-Identifier: BSD-3-Clause */

/* What is wrong or unwise about this process. */

#include "shell/report/doctor_check.h"
#include "shell/report/phrase.h"

#define CERTIFICATE_S ((int64_t)30 * 24 * 3600)
#define TILTS_MANY    3
#define FILES_OWN     32 /* files of the process besides clients and links */

static void check_ports(struct sn_doctor *doctor)
{
    const struct sn_doctor_facts *facts = doctor->facts;

    if (!facts->asks_no_password || !facts->is_exposed)
        return;
    if (facts->is_protected)
        sn_doctor_say(sn_doctor_add(doctor, SN_SEVERITY_WARNING, "protected-mode", NULL),
                      "protected-mode is on and no password is set, so that sentinels and clients "
                      "on other machines are refused.",
                      "Set a password (requirepass), or bind to addresses of a trusted network "
                      "and set protected-mode no.");
    else
        sn_doctor_say(sn_doctor_add(doctor, SN_SEVERITY_WARNING, "open-port", NULL),
                      "Whoever reaches the port of this sentinel may command it: it listens on "
                      "more than the loopback, and the default user needs no password.",
                      "Set a password (requirepass) on all sentinels, or bind to an address that "
                      "only trusted machines reach.");
}

static void tell_certificate(struct sn_doctor *doctor, const struct sn_doctor_certificate *of,
                             const char *use)
{
    if (!of->is_there || of->seconds_left >= CERTIFICATE_S)
        return;
    bool is_over = of->seconds_left < 0;
    struct sn_finding *finding = sn_doctor_add(
        doctor, is_over ? SN_SEVERITY_CRITICAL : SN_SEVERITY_WARNING, "certificate-ends", NULL);
    sn_buf_printf(&finding->found, "The certificate for %s %s ", use,
                  is_over ? "ended" : "ends in");
    sn_phrase_span(&finding->found, 1000 * (is_over ? -of->seconds_left : of->seconds_left));
    sn_buf_puts(&finding->found, is_over ? " ago." : ".");
    sn_buf_puts(&finding->remedy, "Put a new one in its place, and send SIGHUP.");
}

static void check_certificates(struct sn_doctor *doctor)
{
    tell_certificate(doctor, &doctor->facts->server, "tls-port");
    tell_certificate(doctor, &doctor->facts->client, "links to servers and sentinels");
}

static void check_tilts(struct sn_doctor *doctor)
{
    unsigned long long count = sn_core_tilt_count(doctor->facts->core);

    if (count == 0)
        return;
    struct sn_finding *finding = sn_doctor_add(
        doctor, count < TILTS_MANY ? SN_SEVERITY_ADVICE : SN_SEVERITY_WARNING, "tilt", NULL);
    sn_buf_printf(&finding->found,
                  "Since its start this process stood still for too long %llu %s (TILT), and "
                  "decided nothing until all had answered.",
                  count, count == 1 ? "time" : "times");
    sn_buf_puts(&finding->remedy, "Give it processor time: look for swapping, a throttled "
                                  "container, snapshots and moves of the virtual machine.");
}

static void check_clients(struct sn_doctor *doctor)
{
    const struct sn_doctor_facts *facts = doctor->facts;

    if (facts->clients_max == 0 || 10 * facts->clients < 9 * facts->clients_max)
        return;
    struct sn_finding *finding =
        sn_doctor_add(doctor, SN_SEVERITY_WARNING, "clients-near-limit", NULL);
    sn_buf_printf(&finding->found, "%llu of %llu clients (maxclients) are connected.",
                  (unsigned long long)facts->clients, (unsigned long long)facts->clients_max);
    sn_buf_puts(&finding->remedy, "CLIENT LIST shows them. Raise maxclients, or set timeout.");
}

static uint64_t count_links(const struct sn_core *core)
{
    struct sn_link_figures links;
    uint64_t count = 0;

    sn_measure_links(core, &links);
    for (size_t kind = 0; kind <= SN_LINK_PEER; kind++)
        count += links.up[kind] + links.connecting[kind];
    return count;
}

static void check_files(struct sn_doctor *doctor)
{
    const struct sn_doctor_facts *facts = doctor->facts;
    uint64_t used = count_links(facts->core) + facts->clients + FILES_OWN;

    if (facts->files_max == 0 || 10 * used < 9 * facts->files_max)
        return;
    struct sn_finding *finding =
        sn_doctor_add(doctor, SN_SEVERITY_WARNING, "files-near-limit", NULL);
    sn_buf_printf(&finding->found, "About %llu of %llu file descriptors are in use.",
                  (unsigned long long)used, (unsigned long long)facts->files_max);
    sn_buf_puts(&finding->remedy, "Raise LimitNOFILE of the unit, or ulimit -n, and start anew.");
}

sn_doctor_check_fn *const sn_doctor_of_process[] = {check_ports,   check_certificates, check_tilts,
                                                    check_clients, check_files,        NULL};
