/* What of a person's contact details may stand on a screen in a lobby, and in a kiosk's roster: enough to recognise,
 * too little to use. The clinic masks; the kiosk never holds more. Pure, UTF-8, outputs bounded. */
#ifndef LOBBY_CHECKIN_MASK_H
#define LOBBY_CHECKIN_MASK_H

#include <stddef.h>

/** "+1 (555) 010-0142" -> "••• ••• 0142"; "" stays "". */
void mask_phone(char *out, size_t size, const char *phone);
/** The last four digits alone, or "". size >= 5. */
void mask_phone_last4(char *out, size_t size, const char *phone);
/** "maria.garcia@example.org" -> "m•••@example.org". */
void mask_email(char *out, size_t size, const char *email);
/** ("14 Alder Street", "Springfield") -> "14 A••• St•••, Springfield": house number and first letters. */
void mask_address(char *out, size_t size, const char *line, const char *city);
/** "XGH884104417" -> "4417"; shorter than 6 characters: only the last two. */
void mask_member(char *out, size_t size, const char *member_id);
/** ("Maria", "Garcia") -> "Maria G." */
void mask_name(char *out, size_t size, const char *given, const char *family);

#endif
