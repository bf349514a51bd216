/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/state/state.h"

#include "conf/state/users.h"

#include <stdlib.h>
#include <string.h>

static void changes_fini(struct sn_state_change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sn_list_fini(&changes[i].value);
        sn_list_fini(&changes[i].was);
    }
    free(changes);
}

void sn_state_fini(struct sn_state *state)
{
    changes_fini(state->changes, state->change_count);
    for (size_t i = 0; i < state->group_count; i++) {
        struct sn_state_group *group = &state->groups[i];
        changes_fini(group->changes, group->change_count);
        free(group->image.name);
        free(group->image.pause);
        free(group->image.replicas);
        free(group->image.peers);
    }
    free(state->groups);
    for (size_t i = 0; i < state->removed_count; i++)
        free(state->removed[i].name);
    free(state->removed);
    sn_users_fini(state->users, state->user_count);
    *state = (struct sn_state){0};
}

size_t sn_state_find_group(const struct sn_image *image, const char *name, size_t from)
{
    for (size_t i = 0; i < image->group_count; i++) {
        size_t at = (from + i) % image->group_count;
        if (strcmp(image->groups[at].name, name) == 0)
            return at;
    }
    return image->group_count;
}
