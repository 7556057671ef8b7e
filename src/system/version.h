/* Versions of Lobby: "0.2.0". Numbers within compare as numbers, so that 0.10 is newer than 0.9. */
#ifndef LOBBY_SYSTEM_VERSION_H
#define LOBBY_SYSTEM_VERSION_H

#include <stdbool.h>

#define VERSION_SIZE 25

/** 1 to 24 letters, digits and ".+~-", the first a digit. */
bool version_is_valid(const char *text);
/** Negative, 0 or positive as strcmp(3). */
int version_compare(const char *a, const char *b);

#endif
