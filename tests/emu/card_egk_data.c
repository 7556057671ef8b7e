/* An invented person as XML of the schema that the card's kind names, in ISO 8859-15 as the specification has it,
 * packed by gzip, behind the headers of EF.PD and EF.VD; or as the KVK's template in DIN 66003. What a fault asks for
 * is done where it belongs: in the text, in the packing, in the header. */
#include "tests/emu/card_egk_data.h"

#include "base/bytes.h"
#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define XML_MAX 20480
#define BOMB_BYTES 262144

#define PD_SIZE 850 /* of the files, gemSpec_eGK_ObjSys_G2.1 */
#define VD_SIZE 1250
#define GVD_SIZE 450

/* clang-format off */
const struct egk_person egk_people[] = {
	{ .member_id = "X110411319", .birth_date = "19640812", .given = "Jörg", .family = "Müßig", .sex = "M",
	  .street = "Lange Straße", .number = "5a", .postal_code = "10117", .city = "Berlin",
	  .begin = "19940101", .end = "", .payor_id = "109500969", .payor = "Krankenkasse Musterland",
	  .insured = "1" },
	{ .member_id = "A123456780", .birth_date = "19870314", .given = "Małgorzata Anna", .family = "Wąsik-Žižek",
	  .sex = "W", .street = "Œuvre-Weg", .number = "12", .postal_code = "01067", .city = "Dresden",
	  .begin = "20150701", .end = "20251231", .payor_id = "101575519", .payor = "Ersatzkasse & Söhne €",
	  .billing_id = "108018007", .billing = "AOK Musterhausen", .insured = "3",
	  .exempt_until = "20251231" },
	{ .member_id = "T000000014", .birth_date = "19500000", .given = "Karl Theodor",
	  .family = "Donaudampfschifffahrtsgesellschaftskapitänsmü", .prefix = "von der", .addition = "Freiherr",
	  .title = "Prof. Dr.", .sex = "D", .begin = "20000101", .end = "", .payor_id = "168140346",
	  .payor = "Private Kranken AG", .insured = "03" },
};
/* clang-format on */
const unsigned egk_people_count = sizeof(egk_people) / sizeof(egk_people[0]);

static const char *text_of(const char *text)
{
	return text != NULL ? text : "";
}

/* The character's byte in ISO 8859-15, or 0. */
static uint8_t latin9(uint32_t c)
{
	static const struct {
		uint16_t c;
		uint8_t byte;
	} differ[] = { { 0x20AC, 0xA4 }, { 0x160, 0xA6 }, { 0x161, 0xA8 }, { 0x17D, 0xB4 },
		       { 0x17E, 0xB8 },	 { 0x152, 0xBC }, { 0x153, 0xBD }, { 0x178, 0xBE } };

	for (size_t i = 0; i < sizeof(differ) / sizeof(differ[0]); i++) {
		if (c == differ[i].c)
			return differ[i].byte;
		if (c == differ[i].byte)
			return 0;
	}
	return c < 0x80 || (c >= 0xA0 && c < 0x100) ? (uint8_t)c : 0;
}

/* <name>text</name>, or nothing for an empty text. Letters that the code has not are character references. */
static void element(struct writer *w, const char *name, const char *text)
{
	size_t len = strlen(text_of(text));
	char reference[16];

	if (len == 0)
		return;
	write_text(w, "<"), write_text(w, name), write_text(w, ">");
	for (size_t at = 0; at < len;) {
		uint32_t c = text_next(text, len, &at);

		if (latin9(c) != 0 && strchr("<>&", (int)c) == NULL) {
			write_u8(w, latin9(c));
			continue;
		}
		snprintf(reference, sizeof(reference), "&#%u;", (unsigned)c);
		write_text(w, reference);
	}
	write_text(w, "</"), write_text(w, name), write_text(w, ">");
}

static void open_root(struct writer *w, const struct card_egk *card, const char *root)
{
	const char *version = card->fault == EGK_XML_VERSION ? "9.0.0"
			      : card->kind == EGK_51	     ? "5.1.0"
			      : card->kind == EGK_PRIVATE    ? "1.0.0"
							     : "5.2.0";
	char line[320];

	write_text(w, "<?xml version=\"1.0\" encoding=\"ISO-8859-15\" standalone=\"yes\"?>\n");
	if (card->fault == EGK_XML_DOCTYPE)
		write_text(w, "<!DOCTYPE x SYSTEM \"file:///etc/hostname\">");
	if (card->fault == EGK_XML_ENTITIES)
		write_text(
			w,
			"<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaaaaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
			"<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\">]>");
	if (card->kind == EGK_51)
		snprintf(line, sizeof(line),
			 "<vsdp:%s CDM_VERSION=\"%s\" xmlns:vsdp=\"http://ws.gematik.de/fa/vsds/%s/v5.1\">", root,
			 version, root);
	else if (card->kind == EGK_PRIVATE)
		snprintf(line, sizeof(line),
			 "<%s CDM_VERSION=\"%s\" KTR_TYP=\"1\" xmlns=\"http://ws.gematik.de/fa/vsdm/vsd_pkv/v1.0\">",
			 root, version);
	else
		snprintf(line, sizeof(line), "<%s CDM_VERSION=\"%s\" xmlns=\"http://ws.gematik.de/fa/vsdm/vsd/v5.2\">",
			 root, version);
	write_text(w, line);
}

/* Elements are named as the kind's schema qualifies them. */
static void begin(struct writer *w, const struct card_egk *card, const char *name)
{
	write_text(w, card->kind == EGK_51 ? "<vsdp:" : "<"), write_text(w, name), write_text(w, ">");
}

static void end(struct writer *w, const struct card_egk *card, const char *name)
{
	write_text(w, card->kind == EGK_51 ? "</vsdp:" : "</"), write_text(w, name), write_text(w, ">\n");
}

static void leaf(struct writer *w, const struct card_egk *card, const char *name, const char *text)
{
	char whole[64];

	snprintf(whole, sizeof(whole), "%s%s", card->kind == EGK_51 ? "vsdp:" : "", name);
	element(w, whole, text);
}

static void write_person(struct writer *w, const struct card_egk *card, const struct egk_person *p)
{
	begin(w, card, "Person");
	leaf(w, card, "Geburtsdatum", card->fault == EGK_BAD_DATE ? "19771399" : p->birth_date);
	leaf(w, card, "Vorname", p->given);
	if (card->fault != EGK_XML_NO_NAME)
		leaf(w, card, "Nachname", card->fault == EGK_XML_ENTITIES ? "" : p->family);
	if (card->fault == EGK_XML_ENTITIES)
		write_text(w, "<Nachname>&d;</Nachname>");
	if (card->fault == EGK_XML_TWICE)
		leaf(w, card, "Nachname", p->family);
	leaf(w, card, "Geschlecht", p->sex);
	leaf(w, card, "Vorsatzwort", p->prefix);
	leaf(w, card, "Namenszusatz", p->addition);
	leaf(w, card, "Titel", p->title);
	if (text_of(p->city)[0] != '\0') {
		begin(w, card, "StrassenAdresse");
		leaf(w, card, "Postleitzahl", p->postal_code);
		leaf(w, card, "Ort", p->city);
		begin(w, card, "Land");
		leaf(w, card, "Wohnsitzlaendercode", "D");
		end(w, card, "Land");
		leaf(w, card, "Strasse", p->street);
		leaf(w, card, "Hausnummer", p->number);
		end(w, card, "StrassenAdresse");
	}
	for (int i = 0; card->fault == EGK_XML_DEEP && i < 900; i++)
		write_text(w, "<a>");
	for (int i = 0; card->fault == EGK_XML_LONG && i < 8000; i++)
		write_text(w, i == 0 ? "<Titel>" : i == 7999 ? "</Titel>" : "A");
	end(w, card, "Person");
}

static size_t make_pd(const struct card_egk *card, const struct egk_person *p, uint8_t xml[XML_MAX])
{
	struct writer w = writer_of(xml, XML_MAX);
	char id[11] = "";

	text_copy(id, sizeof(id), p->member_id);
	if (card->fault == EGK_CHECK_DIGIT)
		id[9] = (char)('0' + (id[9] - '0' + 1) % 10);
	open_root(&w, card, "UC_PersoenlicheVersichertendatenXML");
	begin(&w, card, "Versicherter");
	leaf(&w, card, "Versicherten_ID", id);
	write_person(&w, card, p);
	end(&w, card, "Versicherter");
	end(&w, card, "UC_PersoenlicheVersichertendatenXML");
	assert(!w.failed);
	return w.len;
}

static size_t make_vd(const struct card_egk *card, const struct egk_person *p, uint8_t xml[XML_MAX])
{
	struct writer w = writer_of(xml, XML_MAX);
	const char *more = card->kind == EGK_PRIVATE ? "ZusatzinfosPKV" : "ZusatzinfosGKV";

	open_root(&w, card, "UC_AllgemeineVersicherungsdatenXML");
	begin(&w, card, "Versicherter");
	begin(&w, card, "Versicherungsschutz");
	leaf(&w, card, "Beginn", p->begin);
	leaf(&w, card, "Ende", p->end);
	begin(&w, card, "Kostentraeger");
	leaf(&w, card, "Kostentraegerkennung", p->payor_id);
	leaf(&w, card, "Kostentraegerlaendercode", "D");
	leaf(&w, card, "Name", p->payor);
	if (text_of(p->billing_id)[0] != '\0') {
		begin(&w, card, "AbrechnenderKostentraeger");
		leaf(&w, card, "Kostentraegerkennung", p->billing_id);
		if (card->kind != EGK_51)
			leaf(&w, card, "Kostentraegerlaendercode", "D");
		leaf(&w, card, "Name", p->billing);
		end(&w, card, "AbrechnenderKostentraeger");
	}
	end(&w, card, "Kostentraeger");
	end(&w, card, "Versicherungsschutz");
	begin(&w, card, "Zusatzinfos");
	begin(&w, card, more);
	if (card->kind == EGK_51)
		leaf(&w, card, "Rechtskreis", "1");
	leaf(&w, card, card->kind == EGK_PRIVATE ? "Tarifart" : "Versichertenart", p->insured);
	if (card->kind == EGK_51)
		leaf(&w, card, "Versichertenstatus_RSA", "1");
	if (card->kind != EGK_PRIVATE) {
		begin(&w, card, "Zusatzinfos_Abrechnung_GKV");
		leaf(&w, card, "WOP", "72");
		end(&w, card, "Zusatzinfos_Abrechnung_GKV");
	}
	end(&w, card, more);
	end(&w, card, "Zusatzinfos");
	end(&w, card, "Versicherter");
	end(&w, card, "UC_AllgemeineVersicherungsdatenXML");
	assert(!w.failed);
	return w.len;
}

static size_t make_gvd(const struct card_egk *card, const struct egk_person *p, uint8_t xml[XML_MAX])
{
	struct writer w = writer_of(xml, XML_MAX);
	bool exempt = text_of(p->exempt_until)[0] != '\0';

	open_root(&w, card, "UC_GeschuetzteVersichertendatenXML");
	begin(&w, card, "Zuzahlungsstatus");
	leaf(&w, card, "Status", exempt ? "1" : "0");
	leaf(&w, card, "Gueltig_bis", p->exempt_until);
	end(&w, card, "Zuzahlungsstatus");
	begin(&w, card, "Selektivvertraege");
	leaf(&w, card, "Aerztlich", "9");
	leaf(&w, card, "Zahnaerztlich", "9");
	end(&w, card, "Selektivvertraege");
	end(&w, card, "UC_GeschuetzteVersichertendatenXML");
	assert(!w.failed);
	return w.len;
}

/* RFC 1952. The bomb is a quarter of a megabyte of blanks. */
static size_t pack(const struct card_egk *card, const uint8_t *xml, size_t len, uint8_t *out, size_t size)
{
	static uint8_t blanks[BOMB_BYTES];
	z_stream z = { 0 };
	int result;

	if (card->fault == EGK_GZIP_GARBAGE) {
		memset(out, 0xA5, 300);
		return 300;
	}
	if (card->fault == EGK_GZIP_BOMB) {
		memset(blanks, ' ', sizeof(blanks));
		xml = blanks;
		len = sizeof(blanks);
	}
	result = deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	assert(result == Z_OK);
	z.next_in = (Bytef *)(uintptr_t)xml;
	z.avail_in = (uInt)len;
	z.next_out = out;
	z.avail_out = (uInt)size;
	result = deflate(&z, Z_FINISH);
	assert(result == Z_STREAM_END);
	(void)result;
	deflateEnd(&z);
	return card->fault == EGK_GZIP_CUT ? z.total_out / 2 : z.total_out;
}

static struct egk_file *add_file(struct card_egk *card, enum egk_app app, uint8_t sfi, uint16_t fid)
{
	struct egk_file *file = card->files;

	while (file->len > 0)
		file++;
	assert(file < card->files + EGK_FILES);
	*file = (struct egk_file){ .app = (uint8_t)app, .sfi = sfi, .fid = fid, .len = 1 };
	return file;
}

static void fill_pd(struct card_egk *card, const struct egk_person *person)
{
	struct egk_file *file = add_file(card, EGK_APP_HCA, 0x01, 0xD001);
	struct writer w = writer_of(file->bytes, 2);
	uint8_t xml[XML_MAX];
	size_t len = make_pd(card, person, xml);

	if (card->fault == EGK_XML_GARBAGE)
		memset(xml + len / 2, '<', 40);
	len = pack(card, xml, len, file->bytes + 2, PD_SIZE - 2);
	if (card->fault == EGK_LENGTH_WITH_ITSELF)
		len += 2;
	else if (card->fault == EGK_PD_ZERO)
		len = 0;
	else if (card->fault == EGK_PD_SHORTER)
		len -= 60;
	else if (card->fault == EGK_PD_LONGER)
		len += 500;
	else if (card->fault == EGK_PD_HUGE)
		len = 0xFFFF;
	write_be16(&w, (uint16_t)len);
	file->len = PD_SIZE;
}

static void fill_vd(struct card_egk *card, const struct egk_person *person)
{
	struct egk_file *file = add_file(card, EGK_APP_HCA, 0x02, 0xD002);
	struct writer w = writer_of(file->bytes, 8);
	uint8_t xml[XML_MAX];
	size_t first = 8, last = first + pack(card, xml, make_vd(card, person, xml), file->bytes + 8, VD_SIZE - 8) - 1;

	if (card->fault == EGK_END_BEHIND)
		last++;
	else if (card->fault == EGK_VD_NONE)
		first = last = 0xFFFF;
	else if (card->fault == EGK_VD_BACKWARDS)
		first = last, last = 8;
	else if (card->fault == EGK_VD_FAR)
		first = 0x7000, last = 0x7100;
	write_be16(&w, (uint16_t)first);
	write_be16(&w, (uint16_t)last);
	write_be16(&w, 0xFFFF);
	write_be16(&w, 0xFFFF);
	file->len = VD_SIZE;
}

static void fill_gvd(struct card_egk *card, const struct egk_person *person)
{
	struct egk_file *file = add_file(card, EGK_APP_HCA, 0x03, 0xD003);
	struct writer w = writer_of(file->bytes, 2);
	uint8_t xml[XML_MAX];

	write_be16(&w, (uint16_t)pack(card, xml, make_gvd(card, person, xml), file->bytes + 2, GVD_SIZE - 2));
	file->len = GVD_SIZE;
	file->locked = true;
}

/* State, time of the last update, schema's version as three digits each in BCD, five bytes to come. */
static void fill_status(struct card_egk *card)
{
	struct egk_file *file = add_file(card, EGK_APP_HCA, 0x0C, 0xD00C);
	struct writer w = writer_of(file->bytes, 25);

	write_text(&w, card->fault == EGK_STATUS_OPEN ? "1" : "0");
	write_text(&w, "20240102030405");
	write_span(&w, card->kind == EGK_51 ? "\x00\x50\x01\x00\x00" : "\x00\x50\x02\x00\x00", 5);
	file->len = 25;
}

static void fill_version(struct card_egk *card)
{
	static const uint8_t version[] = { 0xEF, 0x1E, 0xC0, 3, 2, 0, 0,    0xC1, 3, 4, 5, 2,	 0xC4, 3, 1, 0,
					   0,	 0xC5, 3,    2, 0, 0, 0xC3, 3,	  1, 0, 0, 0xC7, 3,    1, 0, 0 };
	struct egk_file *file = add_file(card, EGK_APP_MF, 0x11, 0x2F11);

	memcpy(file->bytes, version, sizeof(version));
	file->len = 60;
}

/* DIN 66003: seven bits, the German letters where ASCII has brackets; what it has not becomes a question mark. */
static void object(struct writer *w, uint8_t tag, const char *text)
{
	static const struct {
		uint16_t c;
		char byte;
	} letters[] = { { 0xC4, '[' }, { 0xD6, '\\' }, { 0xDC, ']' }, { 0xE4, '{' },
			{ 0xF6, '|' }, { 0xFC, '}' },  { 0xDF, '~' } };
	uint8_t bytes[32];
	size_t n = 0, len = strlen(text_of(text));

	for (size_t at = 0; at < len && n < 28;) {
		uint32_t c = text_next(text, len, &at);

		bytes[n] = c < 0x80 ? (uint8_t)c : '?';
		for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
			if (letters[i].c == c)
				bytes[n] = (uint8_t)letters[i].byte;
		n++;
	}
	if (n == 0)
		return;
	write_u8(w, tag);
	write_u8(w, (uint8_t)n);
	write_span(w, bytes, n);
}

static size_t write_template(const struct card_egk *card, const struct egk_person *p, uint8_t *out)
{
	struct writer w = writer_of(out, 220), head = writer_of(out, 3);
	char date[9], insured[5], until[5] = "", addition[48];
	uint8_t sum = 0;

	write_span(&w, "\x60\x81\x00", 3);
	object(&w, 0x80, p->payor);
	object(&w, 0x81, strlen(p->payor_id) > 7 ? p->payor_id + strlen(p->payor_id) - 7 : p->payor_id);
	object(&w, 0x8F, "72601");
	object(&w, 0x82, p->member_id[0] > '9' ? p->member_id + 1 : p->member_id);
	snprintf(insured, sizeof(insured), "%.1s000", p->insured);
	object(&w, 0x83, insured);
	object(&w, 0x90, "1");
	object(&w, 0x84, p->title);
	object(&w, 0x85, p->given);
	snprintf(addition, sizeof(addition), "%s%s%s", text_of(p->addition), p->addition && p->prefix ? " " : "",
		 text_of(p->prefix));
	object(&w, 0x86, addition);
	object(&w, 0x87, card->fault == EGK_XML_NO_NAME ? "" : p->family);
	if (card->fault == EGK_XML_TWICE)
		object(&w, 0x87, p->family);
	snprintf(date, sizeof(date), "%.2s%.2s%.4s", p->birth_date + 6, p->birth_date + 4, p->birth_date);
	object(&w, 0x88, card->fault == EGK_BAD_DATE ? "99131977" : date);
	object(&w, 0x8B, p->postal_code);
	object(&w, 0x8C, p->city);
	if (text_of(p->end)[0] != '\0')
		snprintf(until, sizeof(until), "%.2s%.2s", p->end + 4, p->end + 2);
	object(&w, 0x8D, until);
	write_span(&w, "\x8E\x01", 2);
	assert(!w.failed && w.len < 220);
	write_span(&head, "\x60\x81", 2);
	write_u8(&head, (uint8_t)(w.len + 1 - 3));
	for (size_t i = 0; i < w.len; i++)
		sum ^= out[i];
	write_u8(&w, card->fault == EGK_CHECK_DIGIT ? sum ^ 0x40 : sum);
	return w.len;
}

static void fill_kvk(struct card_egk *card, const struct egk_person *person)
{
	static const uint8_t directory[30] = { 0xA2, 0x13, 0x10, 0x91, 0x46, 0x0B, 0x81, 0x15, 0x80, 0x01,
					       'L',  'O',  'B',	 'B',  'Y',  0x61, 0x0B, 0x4F, 0x06, 0xD2,
					       0x76, 0x00, 0x00, 0x01, 0x01, 0x53, 0x01, 0x00, 0x80, 0x00 };
	struct egk_file *file = add_file(card, EGK_APP_KVK, 0, 0);
	size_t at = card->kind == EGK_KVK_RAW ? sizeof(directory) : 0;

	memcpy(file->bytes, directory, at);
	file->len = at + write_template(card, person, file->bytes + at);
	if (card->kind == EGK_KVK_RAW) {
		memset(file->bytes + file->len, 0xFF, 256 - file->len);
		file->len = 256;
	}
	if (card->fault == EGK_GZIP_CUT)
		file->len -= 20;
	else if (card->fault == EGK_PD_LONGER)
		file->bytes[at + 2] = 0xFF;
	else if (card->fault == EGK_PD_SHORTER)
		file->bytes[at + 2] -= 10;
	else if (card->fault == EGK_XML_GARBAGE)
		memset(file->bytes + at + 3, 0x81, 30);
}

void card_egk_fill(struct card_egk *card, const struct egk_person *person)
{
	bool egk = card->kind <= EGK_PRIVATE;

	if (egk && card->fault != EGK_NO_STATUS) {
		fill_status(card);
		fill_version(card);
	}
	if (egk && card->fault != EGK_NO_PD)
		fill_pd(card, person);
	if (egk && card->fault != EGK_NO_VD)
		fill_vd(card, person);
	if (egk)
		fill_gvd(card, person);
	if (card->kind == EGK_KVK || card->kind == EGK_KVK_RAW)
		fill_kvk(card, person);
}
