/* SPDX-License-Identifier: BSD-3-Clause */
#include "stock_model.h"

#include "sim.h"

#include <stdlib.h>

struct stock {
    struct cluster_guest guest;
};

struct stock *stock_new(struct sim *sim, unsigned index)
{
    (void)sim;
    (void)index;
    abort();
}

void stock_free(struct stock *stock)
{
    free(stock);
}

struct node *stock_node(struct stock *stock)
{
    return &stock->guest.node;
}

uint16_t stock_master_port(const struct stock *stock)
{
    (void)stock;
    return 0;
}
