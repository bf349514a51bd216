/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_ACL_WORK_H
#define SN_SHELL_SERVER_ACL_WORK_H

/* Reads and writes the ACL file in a worker thread, so that a slow disk, or a pipe in the file's
 * place, delays only the client that asked. */

#include "acl/acl.h"
#include "shell/store/store_file.h"

#include <uv.h>

struct sn_acl_work;

/* Called in the worker; sn_acl_read_file is one. */
typedef int sn_acl_work_read(const char *path, struct sn_acl *fresh, struct sn_buf *error);
/* Called in the loop at the end; `work` is freed afterwards. */
typedef void sn_acl_work_done(void *arg, struct sn_acl_work *work);

struct sn_acl_work {
    uv_work_t work;
    char *path;
    struct sn_buf lines;           /* content to write */
    struct sn_store_access access; /* of the written file, if it does not exist */
    struct sn_acl fresh;           /* users read, if status is 0; `done` takes them */
    int status;
    struct sn_buf error;    /* message, unless status is 0 */
    sn_acl_work_read *read; /* NULL: saves */
    sn_acl_work_done *done;
    void *arg;
};

/* Reads path by means of `read`. */
void sn_acl_work_load(uv_loop_t *loop, const char *path, sn_acl_work_read *read,
                      sn_acl_work_done *done, void *arg);
/* Writes lines; takes their content. */
void sn_acl_work_save(uv_loop_t *loop, const char *path, const struct sn_store_access *access,
                      struct sn_buf *lines, sn_acl_work_done *done, void *arg);

#endif
