/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_PROCESS_PASSWORDS_H
#define SN_SHELL_PROCESS_PASSWORDS_H

/* Password files: reads them again, and hands changed passwords to the core and the server. The
 * configuration reads them at the start (PROTOCOL.md §19.10). */

#include "conf/conf.h"
#include "shell/driver/driver.h"
#include "shell/log/log.h"
#include "shell/server/server.h"

struct sn_passwords;

/* All are borrowed until sn_passwords_close. */
struct sn_passwords_env {
    uv_loop_t *loop;
    const struct sn_settings *settings;
    struct sn_server *server;
    struct sn_driver *driver;
    struct sn_log *log;
    /* Called in the loop when a reading is over, whatever came of it. */
    void (*reloaded)(void *arg);
    void *arg;
};

struct sn_passwords *sn_passwords_new(const struct sn_passwords_env *env);
/* Reads the files of all groups and of the sentinel again, in a worker thread, and logs the result.
 * Where a file is unusable, the password that was read before stays in use. False: there are no
 * files. passwords may be NULL: the start is not over, and there are none. */
bool sn_passwords_reload(struct sn_passwords *passwords);
/* True while a worker reads them. passwords may be NULL. */
bool sn_passwords_is_busy(const struct sn_passwords *passwords);
/* Touches server and driver no more; a worker under way frees it at its end. */
void sn_passwords_close(struct sn_passwords *passwords);

/* Calls tell with a text for each password file that every user of the machine can read. */
void sn_passwords_check(const struct sn_settings *settings, const struct sn_image *image,
                        void (*tell)(void *arg, const char *text), void *arg);

#endif
