/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE /* CLOCK_REALTIME_COARSE */
#include "shell/process/boot.h"

#include "base/error.h"
#include "conf/read/argv.h"
#include "shell/process/check.h"
#include "sn_version.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_MAX 65536
#define PATIENCE_MS 5000

static bool is_one_of(const char *word, const char *a, const char *b)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

/* Takes the word at index out of argv. */
static void drop_word(int *argc, char **argv, int index)
{
    for (int i = index; i + 1 < *argc; i++)
        argv[i] = argv[i + 1];
    (*argc)--;
}

/* True if word is one of the options, none of which is a value of the one before it. */
static bool take_check(int *argc, char **argv)
{
    for (int i = 0; i < *argc; i++) {
        if (strcmp(argv[i], "--check-config") == 0) {
            drop_word(argc, argv, i);
            return true;
        }
    }
    return false;
}

static bool has_word(int argc, char *const *argv, const char *word)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], word) == 0)
            return true;
    }
    return false;
}

/* Names may have more before and behind: `redis-sentinel-7.0` (PROTOCOL.md §21.1). */
static void find_name(const char *argv0, struct sn_boot *boot)
{
    const char *slash = strrchr(argv0, '/');
    const char *name = slash != NULL ? slash + 1 : argv0;

    boot->name = name[0] != '\0' ? name : "sentineld";
    if (strstr(name, "redis-sentinel") != NULL || strstr(name, "redis-server") != NULL)
        boot->family = SN_FAMILY_REDIS;
    else if (strstr(name, "valkey-sentinel") != NULL || strstr(name, "valkey-server") != NULL)
        boot->family = SN_FAMILY_VALKEY;
    boot->is_server = boot->family != SN_FAMILY_NONE && strstr(name, "-sentinel") == NULL;
}

/* Absolute, as `dir` moves the process, and through links, which have the name that was meant. A
 * bare name was found in PATH; stock shows it in the folder where it was started (PROTOCOL.md
 * §6.1).
 */
static void find_executable(const char *argv0, struct sn_boot *boot)
{
    char folder[sizeof(boot->executable)];
    size_t size = sizeof(boot->executable);

    if (strncmp(argv0, "./", 2) == 0 && strchr(argv0 + 2, '/') == NULL)
        argv0 += 2;
    else if (strchr(argv0, '/') == NULL)
        return;
    int len = -1;
    if (argv0[0] == '/')
        len = snprintf(boot->executable, size, "%s", argv0);
    else if (getcwd(folder, sizeof(folder)) != NULL)
        len = snprintf(boot->executable, size, "%s/%s", folder, argv0);
    if (len < 0 || (size_t)len >= size)
        boot->executable[0] = '\0';
}

void sn_boot_parse(int argc, char **argv, struct sn_boot *boot)
{
    *boot = (struct sn_boot){.mode = SN_BOOT_RUN};
    if (argc > 0) {
        find_name(argv[0], boot);
        find_executable(argv[0], boot);
        argc--;
        argv++;
    }
    bool asked = has_word(argc, argv, "--sentinel");
    /* `redis-server --sentinel FILE` is an old habit. */
    while (argc > 0 && strcmp(argv[0], "--sentinel") == 0 && (argc == 1 || argv[1][0] != '-'))
        drop_word(&argc, argv, 0);
    if (argc > 0 && is_one_of(argv[0], "--version", "-v")) {
        boot->mode = SN_BOOT_VERSION;
        return;
    }
    if (argc > 0 && is_one_of(argv[0], "--help", "-h")) {
        boot->mode = SN_BOOT_HELP;
        return;
    }
    if (take_check(&argc, argv))
        boot->mode = SN_BOOT_CHECK_CONFIG;
    else if (boot->is_server && !asked)
        boot->mode = SN_BOOT_DATA_SERVER;
    int at = sn_argv_find_file(argc, argv);
    if (at >= 0) {
        boot->path = argv[at];
        drop_word(&argc, argv, at);
    }
    boot->overrides = argv;
    boot->override_count = argc;
}

static int load(const struct sn_boot *boot, struct sn_conf *conf)
{
    struct sn_buf error;

    sn_buf_init(&error, MESSAGE_MAX);
    int status = sn_conf_load(boot->path, boot->override_count, boot->overrides, conf, &error);
    if (status != 0) {
        const char *text = sn_buf_text(&error);
        fputs(text, stderr);
        if (error.len == 0 || text[error.len - 1] != '\n')
            fputc('\n', stderr);
    }
    sn_buf_fini(&error);
    return status;
}

/* One that has been told to end may still be writing. */
static int take(struct sn_claim *claim, bool *waited)
{
    int status = sn_claim_take(claim, PATIENCE_MS, waited);

    if (status != 0)
        fprintf(stderr,
                "%s is in use by another process, which keeps its own state there. Exiting...\nTwo "
                "sentinels on one file would overwrite each other's votes: give each sentinel a "
                "file of its own. `fuser %s` names the other process.\n",
                claim->path, claim->path);
    return status;
}

static bool reads_input(const struct sn_boot *boot)
{
    for (int i = 0; i < boot->override_count; i++) {
        if (strcmp(boot->overrides[i], "-") == 0)
            return true;
    }
    return false;
}

/* The other one may have written between our reading and our lock. Files are stamped by the coarse
 * clock. */
static bool is_younger(const char *path, const struct timespec *than)
{
    struct stat info;

    if (stat(path, &info) != 0)
        return false;
    return info.st_ctim.tv_sec > than->tv_sec ||
           (info.st_ctim.tv_sec == than->tv_sec && info.st_ctim.tv_nsec >= than->tv_nsec);
}

/* Which file it is, only the configuration tells: it is read again if the state may be an old one.
 */
static int claim_state(const struct sn_boot *boot, const struct timespec *began,
                       struct sn_conf *conf, struct sn_claim *claim)
{
    bool waited;

    sn_claim_init(claim, conf->state_path);
    int status = take(claim, &waited);
    if (status != 0) {
        sn_conf_fini(conf);
    } else if (waited || is_younger(claim->path, began)) {
        sn_conf_fini(conf);
        if (reads_input(boot)) {
            fputs("Another sentinel has written the state meanwhile, and standard input cannot be "
                  "read again. Start this sentinel again. Exiting...\n",
                  stderr);
            status = SN_EEXIST;
        } else {
            status = load(boot, conf);
        }
    }
    if (status != 0)
        sn_claim_fini(claim);
    return status;
}

int sn_boot_load(const struct sn_boot *boot, struct sn_conf *conf, struct sn_claim *claim)
{
    struct timespec began;
    bool waited;

    clock_gettime(CLOCK_REALTIME_COARSE, &began);
    sn_claim_init(claim, boot->path != NULL ? boot->path : "");
    bool run = boot->mode == SN_BOOT_RUN;
    int status = run && boot->path != NULL ? take(claim, &waited) : 0;
    if (status == 0)
        status = load(boot, conf);
    if (status != 0) {
        sn_claim_fini(claim);
        return status;
    }
    if (!run || conf->state_in_conf)
        return 0;
    sn_claim_fini(claim);
    return claim_state(boot, &began, conf, claim);
}

static void tell_problem(void *arg, enum sn_check_level level, const char *text)
{
    int *status = arg;

    if (level != SN_CHECK_PROBLEM)
        return; /* the daemon says so in its log */
    fprintf(stderr, "%s. Exiting...\n", text);
    *status = SN_EIO;
}

int sn_boot_prepare(const struct sn_conf *conf)
{
    const char *dir = conf->settings.dir;
    int status = 0;

    sn_check_state(conf, tell_problem, &status);
    if (status != 0)
        return status;
    if (dir != NULL && chdir(dir) != 0) {
        fprintf(stderr, "%s: dir %s: %s. Expected: a folder that this user can enter.\n",
                conf->path, dir, strerror(errno));
        return SN_EIO;
    }
    return 0;
}

struct findings {
    const char *name;
    int status;
};

static void print_finding(void *arg, enum sn_check_level level, const char *text)
{
    struct findings *findings = arg;

    if (level != SN_CHECK_PROBLEM) {
        printf("%s: %s: %s\n", findings->name,
               level == SN_CHECK_NOTE ? "note" : "differs from redis-sentinel", text);
        return;
    }
    fprintf(stderr, "%s: %s\n", findings->name, text);
    findings->status = SN_EIO;
}

int sn_boot_print_check(const struct sn_boot *boot, const struct sn_conf *conf)
{
    struct findings findings = {.name = boot->path != NULL ? boot->path : "command line"};

    for (size_t i = 0; i < conf->notice_count; i++)
        printf("%s: note: %s\n", findings.name, conf->notices[i]);
    sn_check_all(conf, print_finding, &findings);
    printf("%s: %s, %zu %s, syntax %s, state in %s\n", findings.name,
           findings.status == 0 ? "ok" : "would not start", conf->image.group_count,
           conf->image.group_count == 1 ? "group" : "groups",
           conf->syntax == SN_CONF_INI ? "ini" : "redis", conf->state_path);
    return findings.status;
}

/* Scripts cut the number out of `v=7.2.0`. */
static int print_version(const struct sn_boot *boot)
{
    switch (boot->family) {
    case SN_FAMILY_REDIS:
    case SN_FAMILY_VALKEY:
        printf("%s server v=%s sha=00000000:0 malloc=libc bits=%zu build=sentineld-%s\n",
               boot->family == SN_FAMILY_REDIS ? "Redis" : "Valkey", SN_REDIS_VERSION,
               8 * sizeof(void *), SN_VERSION);
        break;
    case SN_FAMILY_NONE:
        puts("sentineld " SN_VERSION);
        break;
    }
    return 0;
}

static void print_help_text(const struct sn_boot *boot, FILE *out)
{
    const char *name = boot->name;
    const char *flag = boot->is_server ? " --sentinel" : "";

    fprintf(out,
            "Usage: %s FILE%s [--directive value...]... [-]\n"
            "       %s --state-file PATH%s [--directive value...]... [-]\n"
            "       %s --check-config FILE [--directive value...]...\n"
            "       %s --version | --help\n"
            "\n",
            name, flag, name, flag, name, name);
    fputs("Watches groups of Redis or Valkey servers, replaces masters that are down, and tells\n"
          "clients where the master is. Takes the place of redis-sentinel: the same configuration\n"
          "file, the same commands.\n"
          "\n"
          "FILE is a sentinel.conf, which is also where state is saved, or a file in INI syntax\n"
          "with a [sentinel] section and one [master NAME] section for each group, which is never\n"
          "written (state is then saved beside it). It must exist and may be empty.\n"
          "Directives on the command line win over the file, and - reads more of them from\n"
          "standard input. With a state file, FILE may be left out:\n"
          "\n",
          out);
    fprintf(out,
            "    %s /etc/redis/sentinel.conf%s --port 26380 --loglevel verbose\n"
            "    %s%s --state-file /data/sentinel.state \\\n"
            "              --sentinel monitor mymaster 10.0.0.1 6379 2\n",
            name, flag, name, flag);
    fputs("\n"
          "A minimal FILE:\n"
          "\n"
          "    sentinel monitor mymaster 127.0.0.1 6379 2\n"
          "    sentinel down-after-milliseconds mymaster 5000\n"
          "\n"
          "Signals: TERM and INT end the process cleanly, HUP reopens the log file and reads\n"
          "certificates and password files again.\n"
          "Exit status: 0 ended as asked, 1 could not start, 99 simulated failure.\n",
          out);
}

/* Those whose names we bear take a question for help for an error. */
static int print_help(const struct sn_boot *boot)
{
    bool stock = boot->family != SN_FAMILY_NONE;

    print_help_text(boot, stock ? stderr : stdout);
    return stock ? 1 : 0;
}

static int print_data_server(const struct sn_boot *boot)
{
    fprintf(
        stderr,
        "%s was started without --sentinel, but this program is sentineld %s, a sentinel and not "
        "a data server. Exiting...\n"
        "For a sentinel, add --sentinel to the command line; for a data server, start the %s of "
        "Redis or Valkey.\n",
        boot->name, SN_VERSION, boot->name);
    return 1;
}

int sn_boot_print(const struct sn_boot *boot)
{
    switch (boot->mode) {
    case SN_BOOT_VERSION:
        return print_version(boot);
    case SN_BOOT_HELP:
        return print_help(boot);
    case SN_BOOT_DATA_SERVER:
        return print_data_server(boot);
    case SN_BOOT_NONE:
    case SN_BOOT_RUN:
    case SN_BOOT_CHECK_CONFIG:
        break;
    }
    return 0;
}
