/* The eGK's three documents as texts (egk_xml.c), and what the texts mean. EF.PD and EF.VD must both be there and
 * whole; EF.GVD, which most cards keep to themselves, may add that the person pays nothing towards the costs. */
#include "egk.h"

#include "base/text.h"
#include "egk_xml.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_LETTERS 45 /* of the schemas: a name of that length may have been longer */

enum field {
	MEMBER_ID,
	BIRTH_DATE,
	GIVEN,
	FAMILY,
	PREFIX,
	ADDITION,
	BEGIN,
	END,
	PAYOR_ID,
	PAYOR,
	INSURED,
	TARIFF,
	EXEMPT,
	EXEMPT_UNTIL,
	FIELD_COUNT
};

#define COVER "Versicherter/Versicherungsschutz/"
#define PAYS COVER "Kostentraeger/"
#define MORE "Versicherter/Zusatzinfos/"

static const struct egk_xml_field pd_fields[] = {
	{ "Versicherter/Versicherten_ID", MEMBER_ID }, { "Versicherter/Person/Geburtsdatum", BIRTH_DATE },
	{ "Versicherter/Person/Vorname", GIVEN },      { "Versicherter/Person/Nachname", FAMILY },
	{ "Versicherter/Person/Vorsatzwort", PREFIX }, { "Versicherter/Person/Namenszusatz", ADDITION },
};

static const struct egk_xml_field vd_fields[] = {
	{ COVER "Beginn", BEGIN },
	{ COVER "Ende", END },
	{ PAYS "Kostentraegerkennung", PAYOR_ID },
	{ PAYS "Name", PAYOR },
	{ MORE "ZusatzinfosGKV/Versichertenart", INSURED },
	{ MORE "ZusatzinfosPKV/Tarifart", TARIFF },
};

static const struct egk_xml_field gvd_fields[] = {
	{ "Zuzahlungsstatus/Status", EXEMPT },
	{ "Zuzahlungsstatus/Gueltig_bis", EXEMPT_UNTIL },
};

#define SCHEMA(root, fields) \
	{ \
		(root), (fields), sizeof(fields) / sizeof((fields)[0]) \
	}

static const struct egk_xml_schema pd_schema = SCHEMA("UC_PersoenlicheVersichertendatenXML", pd_fields);
static const struct egk_xml_schema vd_schema = SCHEMA("UC_AllgemeineVersicherungsdatenXML", vd_fields);
static const struct egk_xml_schema gvd_schema = SCHEMA("UC_GeschuetzteVersichertendatenXML", gvd_fields);

static bool all_digits(const char *text, size_t len)
{
	return strlen(text) == len && strspn(text, "0123456789") == len;
}

bool egk_is_member_id(const char *id)
{
	char digits[11];
	int sum = 0;

	if (id[0] < 'A' || id[0] > 'Z' || !all_digits(id + 1, 9))
		return false;
	/* The letter's place in the alphabet as two digits; weights 1 and 2 in turn; the digits of the products add up.
	 */
	snprintf(digits, sizeof(digits), "%02d%.8s", id[0] - 'A' + 1, id + 1);
	for (int i = 0; i < 10; i++) {
		int product = (digits[i] - '0') * (i % 2 + 1);

		sum += product / 10 + product % 10;
	}
	return sum % 10 == id[9] - '0';
}

bool egk_date(const char *digits, bool may_lack, char out[11])
{
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int value = 0, year, month, day;

	if (!all_digits(digits, 8))
		return false;
	for (int i = 0; i < 8; i++)
		value = value * 10 + digits[i] - '0';
	year = value / 10000, month = value / 100 % 100, day = value % 100;
	if (year < 1800 || year > 2199 || month > 12 || day > 31)
		return false;
	if (may_lack && day == 0) {
		out[0] = '\0';
		return true;
	}
	if (month == 0 || day == 0 || day > days[month - 1] ||
	    (month == 2 && day == 29 && (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0))))
		return false;
	snprintf(out, 11, "%.4s-%.2s-%.2s", digits, digits + 4, digits + 6);
	return true;
}

const char *egk_plan(char digit)
{
	return digit == '1' ? "Mitglied" : digit == '3' ? "Familienversichert" : digit == '5' ? "Rentner" : "";
}

bool egk_family(const char *addition, const char *prefix, const char *name, char *out, size_t size)
{
	char whole[3 * EGK_XML_TEXT];

	snprintf(whole, sizeof(whole), "%s%s%s%s%s", addition, addition[0] != '\0' ? " " : "", prefix,
		 prefix[0] != '\0' ? " " : "", name);
	size = text_copy(out, size, whole) ? size : 0;
	explicit_bzero(whole, sizeof(whole));
	return size != 0;
}

static size_t letters_of(const char *text)
{
	size_t len = strlen(text), count = 0;

	for (size_t at = 0; at < len; count++)
		(void)text_next(text, len, &at);
	return count;
}

static int read_pd(struct reader file, char texts[][EGK_XML_TEXT])
{
	size_t len = read_be16(&file);

	/* On some cards the length counts itself: what is there is the limit. */
	if (len > reader_left(&file))
		len = reader_left(&file);
	return egk_xml_read(read_sub(&file, len), &pd_schema, texts);
}

/* Where it begins and where its last byte is, counted from the beginning of the file. */
static int read_vd(struct reader file, char texts[][EGK_XML_TEXT])
{
	size_t from = read_be16(&file), last = read_be16(&file), size = file.len;

	if (file.failed || from < 8 || last < from || from >= size)
		return LOBBY_ERR_CARD_MALFORMED;
	file.at = 0;
	(void)read_span(&file, from);
	return egk_xml_read(read_sub(&file, (last < size ? last + 1 : size) - from), &vd_schema, texts);
}

static int read_gvd(struct reader file, char texts[][EGK_XML_TEXT])
{
	size_t len = read_be16(&file);

	return egk_xml_read(read_sub(&file, len), &gvd_schema, texts);
}

static const char *tariff_name(const char *code)
{
	static const char *const names[] = { "Individualtarif", "Standardtarif", "Basistarif", "Notlagentarif" };

	return code[0] == '0' && code[1] >= '1' && code[1] <= '4' && code[2] == '\0' ? names[code[1] - '1'] : "";
}

static void take_plan(char texts[][EGK_XML_TEXT], struct card_insurance *made)
{
	const char *plan = texts[INSURED][1] == '\0' ? egk_plan(texts[INSURED][0]) : "";
	char until[11] = "";

	if (texts[TARIFF][0] != '\0')
		plan = tariff_name(texts[TARIFF]);
	text_copy(made->plan, sizeof(made->plan), plan);
	if (strcmp(texts[EXEMPT], "1") == 0 &&
	    (texts[EXEMPT_UNTIL][0] == '\0' || egk_date(texts[EXEMPT_UNTIL], false, until)))
		snprintf(made->plan, sizeof(made->plan), "%s%szuzahlungsbefreit%s%s", plan, plan[0] != '\0' ? ", " : "",
			 until[0] != '\0' ? " bis " : "", until);
}

static int take_person(char texts[][EGK_XML_TEXT], struct card_insurance *made)
{
	if (!egk_is_member_id(texts[MEMBER_ID]) || texts[FAMILY][0] == '\0' || texts[GIVEN][0] == '\0' ||
	    !egk_date(texts[BIRTH_DATE], true, made->birth_date))
		return LOBBY_ERR_CARD_MALFORMED;
	text_copy(made->member_id, sizeof(made->member_id), texts[MEMBER_ID]);
	made->given_cut = !text_copy(made->given, sizeof(made->given), texts[GIVEN]);
	made->family_cut =
		!egk_family(texts[ADDITION], texts[PREFIX], texts[FAMILY], made->family, sizeof(made->family));
	made->given_cut = made->given_cut || letters_of(texts[GIVEN]) >= NAME_MAX_LETTERS;
	made->family_cut = made->family_cut || letters_of(texts[FAMILY]) >= NAME_MAX_LETTERS;
	return 0;
}

static int take_cover(char texts[][EGK_XML_TEXT], struct card_insurance *made)
{
	/* The insurer that the person knows and that a FHIR Coverage names as payor. Where another one settles the
	 * bills (AbrechnenderKostentraeger), the practice learns that when it reads the card for billing. */
	if (!all_digits(texts[PAYOR_ID], 9) || texts[PAYOR][0] == '\0' ||
	    !egk_date(texts[BEGIN], false, made->period_start))
		return LOBBY_ERR_CARD_MALFORMED;
	if (texts[END][0] != '\0' && !egk_date(texts[END], false, made->period_end))
		return LOBBY_ERR_CARD_MALFORMED;
	text_copy(made->payor_id, sizeof(made->payor_id), texts[PAYOR_ID]);
	text_copy(made->payor, sizeof(made->payor), texts[PAYOR]);
	take_plan(texts, made);
	return 0;
}

int egk_parse(const struct chip_files *files, struct card_insurance *insurance)
{
	struct card_insurance made = { .chip = true };
	char texts[FIELD_COUNT][EGK_XML_TEXT];
	int err = LOBBY_ERR_CARD_MALFORMED;

	memset(texts, 0, sizeof(texts));
	/* EF.StatusVD begins with 1 while the insurer writes: PD and VD may then be of different times. */
	if (files->status.len > 0 && files->status.data[0] == '1')
		return err;
	if (files->pd.len > 0 && files->vd.len > 0)
		err = read_pd(files->pd, texts);
	if (err == 0)
		err = read_vd(files->vd, texts);
	if (err == 0 && files->gvd.len > 0 && read_gvd(files->gvd, texts) != 0)
		texts[EXEMPT][0] = '\0'; /* nobody needs it to check in */
	if (err == 0)
		err = take_person(texts, &made);
	if (err == 0)
		err = take_cover(texts, &made);
	if (err == 0)
		*insurance = made;
	explicit_bzero(texts, sizeof(texts));
	explicit_bzero(&made, sizeof(made));
	return err;
}
