/* A clinic's kiosks as a table on a terminal, from what GET fleet answers (src/clinic/api.md). */
#ifndef LOBBY_CTL_FLEET_TABLE_H
#define LOBBY_CTL_FLEET_TABLE_H

#include <jansson.h>
#include <stdio.h>

/** Prints it, unless out is NULL; returns how many kiosks and updates need a look. */
int fleet_table_print(const json_t *fleet, FILE *out);

#endif
