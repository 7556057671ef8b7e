/* See codec.h. Answers name themselves by their shape, so a late one is never taken for another: three frames of
 * twelve, eleven and two fields are a status, "PRINTER STATUS" is the error flags, the rest must be an identity. Fields
 * are checked one by one, because firmware that counts otherwise must not pass for "printed". */
#include "drivers/zpl/codec.h"

#include "base/bytes.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

enum { STX = 0x02, ETX = 0x03 };

/* ---- fields ---- */

/* The fields of a frame, between commas. */
struct fields {
	const char *text[16];
	size_t len[16];
	int count; /* 17: too many */
};

static struct fields split(const uint8_t *frame, size_t len)
{
	struct fields f = { .count = 1 };

	f.text[0] = (const char *)frame;
	for (size_t i = 0; i < len; i++) {
		if (frame[i] != ',') {
			f.len[f.count - 1]++;
			continue;
		}
		if (f.count == 16) {
			f.count = 17;
			return f;
		}
		f.text[f.count++] = (const char *)frame + i + 1;
	}
	return f;
}

/* Decimal, one to eight digits. */
static bool number_of(const struct fields *f, int at, uint32_t *out)
{
	uint32_t value = 0;

	if (f->len[at] == 0 || f->len[at] > 8)
		return false;
	for (size_t i = 0; i < f->len[at]; i++) {
		if (!isdigit((unsigned char)f->text[at][i]))
			return false;
		value = value * 10 + (uint32_t)(f->text[at][i] - '0');
	}
	*out = value;
	return true;
}

static bool flag_of(const struct fields *f, int at, bool *out)
{
	if (f->len[at] != 1 || (f->text[at][0] != '0' && f->text[at][0] != '1'))
		return false;
	*out = f->text[at][0] == '1';
	return true;
}

/* A mode: one letter or digit, or two digits. */
static bool is_mode(const struct fields *f, int at)
{
	return (f->len[at] == 1 && isalnum((unsigned char)f->text[at][0])) ||
	       (f->len[at] == 2 && isdigit((unsigned char)f->text[at][0]) && isdigit((unsigned char)f->text[at][1]));
}

/* ---- ~HS ---- */

/* aaa,b,c,dddd,eee,f,g,h,iii,j,k,l */
static bool read_first(const struct fields *f, struct zpl_status *s)
{
	struct zpl_status read = { 0 };
	bool cold;
	uint32_t unused;

	if (f->count != 12 || !number_of(f, 0, &unused) || !flag_of(f, 1, &read.paper_out) ||
	    !flag_of(f, 2, &read.paused) || !number_of(f, 3, &unused) || !number_of(f, 4, &read.formats) ||
	    !flag_of(f, 5, &read.buffer_full) || !flag_of(f, 6, &read.diagnostics) || !flag_of(f, 7, &read.partial) ||
	    !number_of(f, 8, &unused) || !flag_of(f, 9, &read.settings_lost) || !flag_of(f, 10, &cold) ||
	    !flag_of(f, 11, &read.too_hot))
		return false;
	*s = read; /* a cold head still prints: it warms up by printing */
	return true;
}

/* mmm,n,o,p,q,r,s,t,uuuuuuuu,v,www */
static bool read_second(const struct fields *f, struct zpl_status *s)
{
	struct zpl_status read = *s;
	bool thermal_transfer;
	uint32_t unused;

	if (f->count != 11 || !number_of(f, 0, &unused) || !is_mode(f, 1) || !flag_of(f, 2, &read.head_open) ||
	    !flag_of(f, 3, &read.ribbon_out) || !flag_of(f, 4, &thermal_transfer) || !is_mode(f, 5) || !is_mode(f, 6) ||
	    !flag_of(f, 7, &read.label_waiting) || !number_of(f, 8, &read.labels) || !is_mode(f, 9) ||
	    !number_of(f, 10, &unused))
		return false;
	read.ribbon_out = read.ribbon_out && thermal_transfer;
	*s = read;
	return true;
}

/* xxxx,y: password and whether there is static RAM */
static bool read_third(const struct fields *f)
{
	uint32_t unused;
	bool flag;

	return f->count == 2 && number_of(f, 0, &unused) && flag_of(f, 1, &flag);
}

/* ---- ~HQES ---- */

/* The next two words after the label: "1" or "0", eight digits, eight hexadecimal digits. The last is written. */
static bool read_flags(const char *text, const char *label, uint32_t *out)
{
	const char *at = strstr(text, label);
	uint32_t value = 0;
	int n = 0;

	if (at == NULL)
		return false;
	at += strlen(label);
	at += strspn(at, " ");
	if ((*at != '0' && *at != '1') || at[1] != ' ')
		return false;
	at++;
	at += strspn(at, " ");
	if (strspn(at, "0123456789ABCDEFabcdef") != 8 || at[8] != ' ')
		return false;
	at += 8;
	at += strspn(at, " ");
	for (; isxdigit((unsigned char)at[n]); n++) {
		char c = (char)tolower((unsigned char)at[n]);

		value = value << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	if (n != 8)
		return false;
	*out = value;
	return true;
}

static bool read_errors(const uint8_t *frame, size_t len, struct zpl_status *s)
{
	char text[ZPL_MAX_FRAME + 1];
	uint32_t flags;

	memcpy(text, frame, len);
	text[len] = '\0';
	if (memchr(text, '\0', len) != NULL || strstr(text, "PRINTER STATUS") == NULL ||
	    !read_flags(text, "ERRORS:", &flags))
		return false;
	*s = (struct zpl_status){ .paper_out = (flags & 0x1) != 0,
				  .ribbon_out = (flags & 0x2) != 0,
				  .head_open = (flags & 0x4) != 0,
				  .jammed = (flags & 0xf008) != 0,
				  .too_hot = (flags & 0x30) != 0,
				  .broken = (flags & 0x3c0) != 0,
				  .paused = (flags & 0x10000) != 0 };
	return true;
}

/* ---- ~HI ---- */

/* model,version,dots a mm,memory[,options] */
static bool read_identity(const struct fields *f, struct zpl_identity *out)
{
	uint32_t dots;

	if (f->count < 4 || f->count > 16 || f->len[0] == 0 || f->len[1] < 2 || !number_of(f, 2, &dots))
		return false;
	if (dots != 6 && dots != 8 && dots != 12 && dots != 24)
		return false;
	if (!text_is_clean(f->text[0], f->len[0]) || !text_is_clean(f->text[1], f->len[1]))
		return false;
	out->dots_per_mm = dots;
	text_copy_n(out->model, sizeof(out->model), f->text[0], f->len[0]);
	text_copy_n(out->firmware, sizeof(out->firmware), f->text[1], f->len[1]);
	text_trim(out->model);
	text_trim(out->firmware);
	return true;
}

/* ---- the stream ---- */

static enum zpl_answer take_frame(struct zpl_parser *p)
{
	struct fields f = split(p->frame, p->len);
	int strings = p->strings;

	p->strings = 0;
	if (read_errors(p->frame, p->len, &p->status))
		return ZPL_ERRORS;
	if (read_first(&f, &p->status)) {
		p->strings = 1;
		return ZPL_NONE;
	}
	if (strings == 1 && read_second(&f, &p->status)) {
		p->strings = 2;
		return ZPL_NONE;
	}
	if (strings == 2 && read_third(&f))
		return ZPL_STATUS;
	return read_identity(&f, &p->identity) ? ZPL_IDENTITY : ZPL_GARBAGE;
}

enum zpl_answer zpl_parse(struct zpl_parser *p, uint8_t byte)
{
	if (byte == STX) {
		bool cut = p->inside; /* a frame that did not end */

		p->inside = true;
		p->stray = false;
		p->len = 0;
		return cut ? ZPL_GARBAGE : ZPL_NONE;
	}
	if (!p->inside) {
		bool news = byte != '\r' && byte != '\n' && !p->stray;

		p->stray |= news;
		return news ? ZPL_GARBAGE : ZPL_NONE;
	}
	if (byte == ETX) {
		p->inside = false;
		return take_frame(p);
	}
	if (p->len == sizeof(p->frame)) {
		p->inside = false;
		p->stray = true;
		p->strings = 0;
		return ZPL_GARBAGE;
	}
	p->frame[p->len++] = byte;
	return ZPL_NONE;
}

/* ---- what it means ---- */

void zpl_add_errors(struct zpl_status *s, const struct zpl_status *errors)
{
	s->paper_out |= errors->paper_out;
	s->head_open |= errors->head_open;
	s->ribbon_out |= errors->ribbon_out;
	s->paused |= errors->paused;
	s->too_hot |= errors->too_hot;
	s->jammed |= errors->jammed;
	s->broken |= errors->broken;
}

struct zpl_status zpl_port_status(uint8_t value)
{
	bool empty = (value & 0x20) != 0;

	return (struct zpl_status){ .paper_out = empty,
				    .paused = (value & 0x10) == 0 && !empty,
				    .broken = (value & 0x08) == 0 && (value & 0x10) != 0 && !empty };
}

/* The most telling first: an open head hides the paper. */
static const struct meaning {
	size_t flag;
	lobby_DeviceState state;
	int err; /* 0: it prints all the same */
	const char *words;
} meanings[] = {
#define FLAG(name) offsetof(struct zpl_status, name)
	{ FLAG(head_open), lobby_DeviceState_DEVICE_COVER_OPEN, LOBBY_ERR_COVER_OPEN,
	  "The print head is open: close it until it clicks." },
	{ FLAG(paper_out), lobby_DeviceState_DEVICE_PAPER_OUT, LOBBY_ERR_PAPER_OUT,
	  "Out of labels or wristbands: load new ones, close it and press FEED." },
	{ FLAG(ribbon_out), lobby_DeviceState_DEVICE_PAPER_OUT, LOBBY_ERR_PAPER_OUT,
	  "The ribbon is used up: put in a new one." },
	{ FLAG(jammed), lobby_DeviceState_DEVICE_FAULT, LOBBY_ERR_PAPER_JAM,
	  "The cutter or the feed is jammed: switch it off, take out what is stuck, and switch it on." },
	{ FLAG(too_hot), lobby_DeviceState_DEVICE_OFFLINE, LOBBY_ERR_OFFLINE,
	  "The print head is too hot: it goes on by itself when it has cooled." },
	{ FLAG(broken), lobby_DeviceState_DEVICE_FAULT, LOBBY_ERR_OFFLINE,
	  "The printer reports a fault of its head, motor or firmware: it needs service." },
	{ FLAG(settings_lost), lobby_DeviceState_DEVICE_FAULT, LOBBY_ERR_OFFLINE,
	  "The printer has lost its settings: calibrate it." },
	{ FLAG(diagnostics), lobby_DeviceState_DEVICE_OFFLINE, LOBBY_ERR_OFFLINE,
	  "The printer is in its diagnostic mode: switch it off and on." },
	{ FLAG(paused), lobby_DeviceState_DEVICE_OFFLINE, LOBBY_ERR_OFFLINE,
	  "The printer is paused: press its PAUSE or FEED key." },
	{ FLAG(label_waiting), lobby_DeviceState_DEVICE_READY, 0, "A label waits to be taken off." },
#undef FLAG
};

static const struct meaning *meaning_of(const struct zpl_status *s)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (*(const bool *)((const char *)s + meanings[i].flag))
			return &meanings[i];
	return NULL;
}

lobby_DeviceState zpl_state_of(const struct zpl_status *s)
{
	const struct meaning *m = meaning_of(s);

	return m == NULL ? lobby_DeviceState_DEVICE_READY : m->state;
}

const char *zpl_words_of(const struct zpl_status *s)
{
	const struct meaning *m = meaning_of(s);

	return m == NULL ? "" : m->words;
}

int zpl_error_of(const struct zpl_status *s)
{
	const struct meaning *m = meaning_of(s);

	return m == NULL ? 0 : m->err;
}

bool zpl_is_holding(const struct zpl_status *s)
{
	return s->partial || s->buffer_full || s->formats > 0 || s->labels > 0;
}
