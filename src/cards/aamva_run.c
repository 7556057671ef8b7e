/* Elements without anything between them: what some scanners deliver, having dropped every line end or made it a space.
 *
 * "DCSDOEDDENDACJANEDDFN" can be read only by knowing what may follow, and a name may hold the letters of an id
 * ("HADDAD", "DAGMAR", "LEONARD" before "DDEN"). So a name runs up to the first thing that proves itself by its form, a
 * truncation flag, a date, a measure, or by being the one next name; it is thrown away, and with it the card, if
 * anything that might be an id is left inside. Addresses prove nothing and are not read at all. */
#include "aamva.h"

#include <string.h>

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_one_of(uint8_t c, const char *letters)
{
	return c != '\0' && strchr(letters, c) != NULL;
}

static bool has_id(struct slice data, size_t at, const char *id)
{
	return at + 3 <= data.len && memcmp(data.data + at, id, 3) == 0;
}

static bool digits_at(struct slice data, size_t at, size_t count)
{
	for (size_t i = at; i < at + count; i++)
		if (i >= data.len || !is_digit(data.data[i]))
			return false;
	return true;
}

/* A truncation flag: DDE, DDF or DDG and one of T, N, U. */
static bool flag_at(struct slice data, size_t at)
{
	return (has_id(data, at, "DDE") || has_id(data, at, "DDF") || has_id(data, at, "DDG")) && at + 3 < data.len &&
	       is_one_of(data.data[at + 3], "TNU");
}

static bool date_at(struct slice data, size_t at)
{
	return (has_id(data, at, "DBA") || has_id(data, at, "DBB") || has_id(data, at, "DBD")) &&
	       digits_at(data, at + 3, 8);
}

static bool measure_at(struct slice data, size_t at)
{
	return (has_id(data, at, "DAU") || has_id(data, at, "DAW") || has_id(data, at, "DAG") ||
		has_id(data, at, "DAL")) &&
	       digits_at(data, at + 3, 1);
}

/* The ids of names: by version, so that no letters of a name are taken for an id that the version does not have. */
static const char *const *name_ids(int version)
{
	static const char *const oldest[] = { "DAA", "DAB", "DAC", "DAD", NULL };
	static const char *const older[] = { "DCS", "DCT", NULL };
	static const char *const today[] = { "DCS", "DAC", "DAD", NULL };

	return version < 2 ? oldest : version < 4 ? older : today;
}

/* Ids that prove nothing by what follows them, and must therefore not stand inside a name. */
static const char *const doubtful[] = { "DAE", "DAF", "DAG", "DAH", "DAI", "DAJ", "DAK", "DAQ", "DAU", "DAW",
					"DAY", "DAZ", "DBA", "DBB", "DBC", "DBD", "DCA", "DCB", "DCD", "DCE",
					"DCF", "DCG", "DCH", "DCK", "DCU", "DDA", "DDB", "DDK", "DDL" };

static size_t count_of(struct slice data, const char *id)
{
	size_t count = 0;

	for (size_t at = 0; (at = slice_find(data, at, id)) < data.len; at++)
		count++;
	return count;
}

/* The id of a name that stands here; NULL if none does. */
static const char *name_id_at(struct slice data, size_t at, int version)
{
	for (const char *const *id = name_ids(version); *id != NULL; id++)
		if (has_id(data, at, *id))
			return *id;
	return NULL;
}

static bool is_plain(struct slice value)
{
	for (size_t i = 0; i < sizeof(doubtful) / sizeof(doubtful[0]); i++)
		if (slice_find(value, 0, doubtful[i]) < value.len)
			return false;
	return true;
}

/* The value of the one element with this id; nothing if there is none, or two, or its end is in doubt. */
static struct slice name_of(struct slice data, const char *id, int version)
{
	size_t at = slice_find(data, 0, id), end;
	const char *next = NULL;
	struct slice value;

	if (count_of(data, id) != 1)
		return (struct slice){ 0 };
	for (end = at + 3; end < data.len; end++)
		if ((next = name_id_at(data, end, version)) != NULL || flag_at(data, end) || date_at(data, end) ||
		    measure_at(data, end))
			break;
	if (next != NULL && count_of(data, next) != 1)
		return (struct slice){ 0 };
	value = slice_trim(slice_part(data, at + 3, end));
	return end < data.len && is_plain(value) ? value : (struct slice){ 0 };
}

/* The eight digits of the one date with this id. */
static struct slice date_of(struct slice data, const char *id)
{
	struct slice found = { 0 };

	for (size_t at = 0; (at = slice_find(data, at, id)) < data.len; at++) {
		if (!digits_at(data, at + 3, 8))
			continue;
		if (found.len > 0 && memcmp(found.data, data.data + at + 3, 8) != 0)
			return (struct slice){ 0 };
		found = slice_part(data, at + 3, at + 11);
	}
	return found;
}

static struct slice flag_of(struct slice data, const char *id)
{
	size_t at = slice_find(data, 0, id);

	while (at < data.len && !flag_at(data, at))
		at = slice_find(data, at + 1, id);
	return slice_part(data, at + 3, at + 4);
}

void aamva_read_run(struct slice data, struct aamva_file *file)
{
	int version = file->version;
	bool whole = version < 2 && count_of(data, "DAA") > 0, given_names = version == 2 || version == 3;
	enum aamva_id family_id = whole ? AAMVA_DAA : version < 2 ? AAMVA_DAB : AAMVA_DCS;
	enum aamva_id given_id = given_names ? AAMVA_DCT : AAMVA_DAC;
	struct slice family = name_of(data, whole ? "DAA" : version < 2 ? "DAB" : "DCS", version);
	struct slice given = name_of(data, given_names ? "DCT" : "DAC", version);

	/* Half a name is worse than none. */
	if (family.len == 0 || (given.len == 0 && !whole))
		return;
	file->element[family_id] = family;
	if (!whole)
		file->element[given_id] = given;
	if (!whole && !given_names)
		file->element[AAMVA_DAD] = name_of(data, "DAD", version);
	file->element[AAMVA_DBB] = date_of(data, "DBB");
	file->element[AAMVA_DBA] = date_of(data, "DBA");
	file->element[AAMVA_DDE] = flag_of(data, "DDE");
	file->element[AAMVA_DDF] = flag_of(data, "DDF");
}
