/* What the German insurance cards say: the eGK (gemSpec_eGK_Fach_VSDM; schemas Schema_VSD 5.1 and 5.2 of the statutory
 * insurers and Schema_VSD_PKV 1.0 of the private ones) and the memory card before it, the KVK (kvk.h).
 *
 * Both fill payor, payor_id (the Institutionskennzeichen, nine digits), member_id, plan (the kind of insurance, in
 * German as it is on the card), family and given name, birth_date, period_start and period_end; chip is set. A birth
 * date of which the card does not know day or month is left out. Cover that has ended is not an error: period_end says
 * it. Nothing read here proves insurance (section 291b SGB V). */
#ifndef LOBBY_CARDS_EGK_H
#define LOBBY_CARDS_EGK_H

#include "card.h"
#include "chip.h"

/** LOBBY_ERR_CARD_MALFORMED: a file is missing or broken, an update of the card was never finished, or the insured
 * person's number has a wrong check digit. LOBBY_ERR_NO_MEMORY. */
int egk_parse(const struct chip_files *files, struct card_insurance *insurance) MUST_CHECK;

/** The insured person's number: a letter, eight digits, a check digit (Versicherten-ID, section 290 SGB V). */
bool egk_is_member_id(const char *id);
/** A date YYYYMMDD of the years 1800 to 2199 as YYYY-MM-DD; where may_lack, day or day and month may be 00, and it is
 * "". False: it is none. */
bool egk_date(const char *digits, bool may_lack, char out[11]);
/** The kind of insurance in words by its digit (1, 3, 5); "" for others. */
const char *egk_plan(char digit);
/** "Freiherr" "von der" "Heide" as one family name. False: it was cut. */
bool egk_family(const char *addition, const char *prefix, const char *name, char *out, size_t size);

#endif
