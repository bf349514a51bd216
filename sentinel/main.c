/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/error.h"
#include "shell/process/boot.h"
#include "shell/process/daemon.h"
#include "shell/process/title.h"

static int run(const struct sn_boot *boot, struct sn_conf *conf, struct sn_claim *claim)
{
    if (boot->mode == SN_BOOT_CHECK_CONFIG)
        return sn_boot_print_check(boot, conf) == 0 ? 0 : 1;
    if (sn_boot_prepare(conf) != 0)
        return 1;
    return sn_daemon_run(boot, conf, claim);
}

int main(int argc, char **argv)
{
    struct sn_boot boot;
    struct sn_conf conf;
    struct sn_claim claim;

    argv = sn_title_init(argc, argv);
    sn_boot_parse(argc, argv, &boot);
    if (boot.mode != SN_BOOT_RUN && boot.mode != SN_BOOT_CHECK_CONFIG)
        return sn_boot_print(&boot);
    if (sn_boot_load(&boot, &conf, &claim) != 0)
        return 1;
    int status = run(&boot, &conf, &claim);
    sn_claim_fini(&claim);
    sn_conf_fini(&conf);
    return status;
}
