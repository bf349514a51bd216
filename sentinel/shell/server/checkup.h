/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SN_SHELL_SERVER_CHECKUP_H
#define SN_SHELL_SERVER_CHECKUP_H

/* What DOCTOR is told of this process, for the command and for HTTP. */

#include "shell/report/doctor.h"
#include "shell/server/server.h"

/* Precondition: the server has a driver. */
void sn_server_check_up(const struct sn_server *server, struct sn_doctor_facts *facts);

#endif
