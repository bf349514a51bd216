/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_ACL_WORK_H
#define SN_SHELL_SERVER_ACL_WORK_H

/* Reads and writes the ACL file in a worker thread: a slow disk, or what stands in the file's
 * place, holds up nobody but the client that asked. */

#include "acl/acl.h"
#include "shell/store/store_file.h"

#include <uv.h>

struct sn_acl_work;

/* Called in the worker; sn_acl_read_file is one. */
typedef int sn_acl_work_read(const char *path, struct sn_acl *fresh, struct sn_buf *error);
/* Called in the loop when it is over; `work` is freed behind it. */
typedef void sn_acl_work_done(void *arg, struct sn_acl_work *work);

struct sn_acl_work {
    uv_work_t work;
    char *path;
    struct sn_buf lines;           /* to be written */
    struct sn_store_access access; /* then, if there is no such file */
    struct sn_acl fresh;           /* what was read, if status is 0; belongs to `done` */
    int status;
    struct sn_buf error;    /* the text, unless status is 0 */
    sn_acl_work_read *read; /* NULL: saves */
    sn_acl_work_done *done;
    void *arg;
};

/* Reads path by means of `read`. */
void sn_acl_work_load(uv_loop_t *loop, const char *path, sn_acl_work_read *read,
                      sn_acl_work_done *done, void *arg);
/* Writes lines, whose content is moved. */
void sn_acl_work_save(uv_loop_t *loop, const char *path, const struct sn_store_access *access,
                      struct sn_buf *lines, sn_acl_work_done *done, void *arg);

#endif
