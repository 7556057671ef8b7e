/* Any list of a chip's files: card_parse() must return, inside its bounds, with text that is clean. Behind a first byte
 * P, V or G the rest is the XML of EF.PD, EF.VD or EF.GVD, packed here beside good other files, as packed text would
 * never be met by chance; else all of it is a list. */
#include "base/bytes.h"
#include "base/text.h"
#include "cards/card.h"
#include "cards/chip.h"
#include "cards/egk.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define HEAD "<?xml version=\"1.0\" encoding=\"ISO-8859-15\"?><"
#define ROOT " CDM_VERSION=\"5.2.0\" xmlns=\"http://ws.gematik.de/fa/vsdm/vsd/v5.2\">"
#define XML_MOST 8192

static const char pd[] =
	HEAD "UC_PersoenlicheVersichertendatenXML" ROOT
	     "<Versicherter><Versicherten_ID>X110411319</Versicherten_ID><Person><Geburtsdatum>19640812</Geburtsdatum>"
	     "<Vorname>A</Vorname><Nachname>B</Nachname></Person></Versicherter></UC_PersoenlicheVersichertendatenXML>";
static const char vd[] = HEAD
	"UC_AllgemeineVersicherungsdatenXML" ROOT
	"<Versicherter><Versicherungsschutz><Beginn>19940101</Beginn><Kostentraeger><Kostentraegerkennung>109500969"
	"</Kostentraegerkennung><Name>C</Name></Kostentraeger></Versicherungsschutz></Versicherter>"
	"</UC_AllgemeineVersicherungsdatenXML>";

static void check_text(const char *text, size_t size)
{
	assert(memchr(text, '\0', size) != NULL);
	assert(text_is_clean(text, strlen(text)));
}

static void check_date(const char date[11])
{
	assert(date[0] == '\0' || (strlen(date) == 10 && date[4] == '-' && date[7] == '-'));
}

static void check(const struct card *card)
{
	const struct card_insurance *i = &card->insurance;

	assert(card->kind == CARD_INSURANCE && i->chip);
	assert(i->family[0] != '\0' && i->member_id[0] != '\0' && i->payor[0] != '\0');
	assert(egk_is_member_id(i->member_id) || (i->member_id[0] >= '0' && i->member_id[0] <= '9'));
	check_text(i->payor, sizeof(i->payor));
	check_text(i->payor_id, sizeof(i->payor_id));
	check_text(i->member_id, sizeof(i->member_id));
	check_text(i->plan, sizeof(i->plan));
	check_text(i->family, sizeof(i->family));
	check_text(i->given, sizeof(i->given));
	check_date(i->birth_date);
	check_date(i->period_start);
	check_date(i->period_end);
}

/* One file: header, then the packed XML. */
static void add(struct writer *list, uint8_t file, const void *xml, size_t len)
{
	uint8_t packed[XML_MOST + 256];
	z_stream z = { 0 };
	int result = deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);

	assert(result == Z_OK);
	z.next_in = (Bytef *)(uintptr_t)xml;
	z.avail_in = (uInt)len;
	z.next_out = packed;
	z.avail_out = sizeof(packed);
	result = deflate(&z, Z_FINISH);
	assert(result == Z_STREAM_END);
	(void)result;
	deflateEnd(&z);
	write_u8(list, file);
	if (file == CHIP_EGK_VD) {
		write_be16(list, (uint16_t)(z.total_out + 8));
		write_be16(list, 8);
		write_be16(list, (uint16_t)(7 + z.total_out));
		write_span(list, "\xFF\xFF\xFF\xFF", 4);
	} else {
		write_be16(list, (uint16_t)(z.total_out + 2));
		write_be16(list, (uint16_t)z.total_out);
	}
	write_span(list, packed, z.total_out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t bytes[CHIP_MAX_LIST];
	struct writer list = writer_of(bytes, sizeof(bytes));
	struct card card;
	uint8_t which = len > 0 ? data[0] : 0;

	if ((which == 'P' || which == 'V' || which == 'G') && len <= XML_MOST) {
		add(&list, CHIP_EGK_PD, which == 'P' ? (const void *)(data + 1) : pd,
		    which == 'P' ? len - 1 : strlen(pd));
		add(&list, CHIP_EGK_VD, which == 'V' ? (const void *)(data + 1) : vd,
		    which == 'V' ? len - 1 : strlen(vd));
		if (which == 'G')
			add(&list, CHIP_EGK_GVD, data + 1, len - 1);
		if (list.failed)
			return 0;
		data = bytes;
		len = list.len;
	}
	if (card_parse(CARD_CHIP, "", data, len, &card) == 0)
		check(&card);
	return 0;
}
