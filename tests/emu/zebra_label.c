/* A format is a sequence of caret, two letters, parameters up to the next caret. State (the field origin, the font, the
 * code that is next) is gathered until ^FS ends the field. */
#include "tests/emu/zebra_label.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	struct zebra_label *label;
	struct zebra_field field;
	bool has_kind, has_data, hex;
	int by_module, by_height;
	int unknown;
};

/* The n-th of the parameters between commas, from 0; fallback where it is empty. */
static long parameter(const char *at, size_t len, int n, long fallback)
{
	char text[16] = "";
	size_t k = 0;

	for (size_t i = 0; i < len; i++) {
		if (at[i] == ',') {
			if (n-- == 0)
				break;
		} else if (n == 0 && k + 1 < sizeof(text)) {
			text[k++] = at[i];
			text[k] = '\0';
		}
	}
	return text[0] == '\0' ? fallback : strtol(text, NULL, 10);
}

/* Field data: ^FH escapes decoded, and of codes the switches taken off. */
static void take_data(struct reading *r, const char *at, size_t len)
{
	struct zebra_field *f = &r->field;
	char text[sizeof(f->text)];
	size_t n = 0, from = 0;

	for (size_t i = 0; i < len && n + 1 < sizeof(text); i++) {
		if (r->hex && at[i] == '_' && i + 2 < len && isxdigit((unsigned char)at[i + 1]) &&
		    isxdigit((unsigned char)at[i + 2])) {
			char digits[3] = { at[i + 1], at[i + 2] };

			text[n++] = (char)strtol(digits, NULL, 16);
			i += 2;
		} else if ((unsigned char)at[i] >= 0x20) {
			text[n++] = at[i];
		}
	}
	text[n] = '\0';
	r->has_data = true;
	if (f->kind == ZEBRA_QR) {
		/* error correction, input mode, a comma */
		if (n < 3 || strchr("HQML", text[0]) == NULL || text[1] != 'A' || text[2] != ',')
			r->unknown++;
		else
			from = 3;
		memmove(f->text, text + from, n - from + 1);
		return;
	}
	if (f->kind != ZEBRA_CODE128) {
		memcpy(f->text, text, n + 1);
		return;
	}
	/* ">:" and ">;" are the start codes B and C; ">0", "><", ">=" are the signs that have to be invoked */
	for (size_t i = 0, k = 0; i < n; i++) {
		static const char signs[] = ">^~";
		const char *codes = "0<=", *which = text[i] == '>' ? strchr(codes, text[i + 1]) : NULL;

		if (text[i] != '>')
			f->text[k++] = text[i];
		else if (which != NULL && *which != '\0')
			f->text[k++] = signs[which - codes];
		else if (i != 0 || (text[1] != ':' && text[1] != ';'))
			r->unknown++;
		if (text[i] == '>')
			i++;
		f->text[k] = '\0';
	}
}

/* ^GFA,total,total,bytes a row,digits: a comma pads a row with white. */
static void take_graphic(struct reading *r, const char *at, size_t len)
{
	struct zebra_field *f = &r->field;
	long total = parameter(at, len, 1, 0), count = parameter(at, len, 2, 0), row = parameter(at, len, 3, 0);
	size_t i = 0, n = 0;

	f->kind = ZEBRA_GRAPHIC;
	r->has_kind = r->has_data = true;
	if (at[0] != 'A' || total != count || row < 1 || count < row || count > 1000000 || count % row != 0) {
		r->unknown++;
		return;
	}
	free(f->bits);
	f->bits = calloc(1, (size_t)count);
	if (f->bits == NULL)
		abort();
	f->bytes_per_row = (int)row;
	f->rows = (int)(count / row);
	for (int commas = 0; i < len && commas < 4; i++)
		commas += at[i] == ',';
	for (; i < len; i++) {
		if (at[i] == ',') {
			n += (size_t)row - n % (size_t)row;
		} else if (i + 1 < len && isxdigit((unsigned char)at[i]) && isxdigit((unsigned char)at[i + 1])) {
			char digits[3] = { at[i], at[i + 1] };

			if (n < (size_t)count)
				f->bits[n++] = (uint8_t)strtol(digits, NULL, 16);
			i++;
		} else if (at[i] != '\n' && at[i] != '\r') {
			r->unknown++;
		}
	}
}

static void end_field(struct reading *r)
{
	struct zebra_label *label = r->label;

	if (r->has_kind && r->has_data && label->count < ZEBRA_FIELDS)
		label->fields[label->count++] = r->field;
	else {
		free(r->field.bits);
		r->unknown++;
	}
	r->field = (struct zebra_field){ .orientation = 'N' };
	r->has_kind = r->has_data = r->hex = false;
}

static void code_command(struct reading *r, char which, const char *at, size_t len)
{
	struct zebra_field *f = &r->field;

	switch (which) {
	case 'Y':
		r->by_module = (int)parameter(at, len, 0, r->by_module);
		r->by_height = (int)parameter(at, len, 2, r->by_height);
		break;
	case 'C':
		f->kind = ZEBRA_CODE128;
		r->has_kind = true;
		f->orientation = len > 0 ? at[0] : 'N';
		f->height = (int)parameter(at, len, 1, r->by_height);
		f->module = r->by_module;
		break;
	case 'Q':
		f->kind = ZEBRA_QR;
		r->has_kind = true;
		f->module = (int)parameter(at, len, 2, 2);
		f->y += r->by_height; /* as printers do */
		r->unknown += parameter(at, len, 1, 2) != 2 || f->module < 1 || f->module > 10;
		break;
	default:
		r->unknown++;
	}
}

static void field_command(struct reading *r, char which, const char *at, size_t len)
{
	switch (which) {
	case 'O':
		r->field.x = (int)parameter(at, len, 0, 0);
		r->field.y += (int)parameter(at, len, 1, 0);
		break;
	case 'H':
		r->hex = len == 1 && at[0] == '_';
		break;
	case 'D':
		take_data(r, at, len);
		break;
	case 'S':
		end_field(r);
		break;
	case 'W':
		break;
	default:
		r->unknown++;
	}
}

static void command(struct reading *r, const char *name, const char *at, size_t len)
{
	static const char *const settings[] = { "XA", "XZ", "CI", "MU", "LH", "PO", "PM", "LR", "JZ", "PQ" };
	struct zebra_field *f = &r->field;

	if (name[0] == 'F') {
		field_command(r, name[1], at, len);
		return;
	}
	if (name[0] == 'B') {
		code_command(r, name[1], at, len);
		return;
	}
	if (memcmp(name, "A0", 2) == 0) {
		f->kind = ZEBRA_TEXT;
		r->has_kind = true;
		f->orientation = len > 0 ? at[0] : 'N';
		f->height = (int)parameter(at, len, 1, 9);
	} else if (memcmp(name, "GB", 2) == 0) {
		f->kind = ZEBRA_BOX;
		r->has_kind = r->has_data = true;
		f->width = (int)parameter(at, len, 0, 1);
		f->height = (int)parameter(at, len, 1, 1);
	} else if (memcmp(name, "GF", 2) == 0) {
		take_graphic(r, at, len);
	} else if (memcmp(name, "PW", 2) == 0) {
		r->label->width = (int)parameter(at, len, 0, 0);
	} else if (memcmp(name, "LL", 2) == 0) {
		r->label->length = (int)parameter(at, len, 0, 0);
	} else {
		for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
			if (memcmp(name, settings[i], 2) == 0)
				return;
		r->unknown++;
	}
}

int zebra_label_read(struct zebra_label *label, const char *zpl, size_t len)
{
	struct reading r = { .label = label, .field = { .orientation = 'N' }, .by_module = 2, .by_height = 10 };
	size_t i = 0;

	zebra_label_fini(label);
	label->zpl = malloc(len + 1);
	if (label->zpl == NULL)
		abort();
	memcpy(label->zpl, zpl, len);
	label->zpl[len] = '\0';
	label->zpl_len = len;
	while (i + 3 <= len) {
		size_t end = i + 3;

		if (zpl[i] != '^') {
			r.unknown += !isspace((unsigned char)zpl[i]);
			i++;
			continue;
		}
		while (end < len && zpl[end] != '^')
			end++;
		command(&r, zpl + i + 1, zpl + i + 3, end - i - 3);
		i = end;
	}
	free(r.field.bits);
	return r.unknown;
}

void zebra_label_fini(struct zebra_label *label)
{
	for (int i = 0; i < label->count; i++)
		free(label->fields[i].bits);
	free(label->zpl);
	*label = (struct zebra_label){ 0 };
}
