/* See words.h. glibc's gettext takes the language from LANGUAGE unless the locale is "C"; "C.UTF-8" is always there, so
 * no locale need be installed. */
#include "words.h"

#include "base/clock.h"
#include "base/text.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* glibc's own: changing it makes gettext forget what it looked up (gettext manual, "gettext grok"). */
extern int _nl_msg_cat_cntr;

static const struct {
	const char *tag, *name;
} autonyms[] = {
	{ "en", "English" }, { "es", "Español" },    { "zh", "中文" },	  { "vi", "Tiếng Việt" },
	{ "ar", "العربية" }, { "ru", "Русский" },    { "ht", "Kreyòl" },  { "ko", "한국어" },
	{ "tl", "Tagalog" }, { "fr", "Français" },   { "de", "Deutsch" }, { "pt", "Português" },
	{ "pl", "Polski" },  { "uk", "Українська" }, { "hi", "हिन्दी" },	  { "fa", "فارسی" },
};

void words_init(const char *locale)
{
	setlocale(LC_ALL, "C.UTF-8");
	bindtextdomain("lobby", locale);
	bind_textdomain_codeset("lobby", "UTF-8");
	textdomain("lobby");
}

void words_use(const char *language)
{
	setenv("LANGUAGE", language, 1);
	_nl_msg_cat_cntr++;
}

/* A name only: TZ can also hold a path or a rule (tzset(3)), which a clinic has no business with. */
static bool is_zone(const char *name)
{
	return name[0] >= 'A' && name[0] <= 'Z' && strstr(name, "..") == NULL &&
	       name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+-")] == '\0';
}

void words_use_zone(const char *name)
{
	static char own[64]; /* TZ as the program got it */
	static bool known, had;
	const char *before = getenv("TZ");

	if (!known) {
		known = true;
		had = before != NULL && text_copy(own, sizeof(own), before);
	}
	if (is_zone(name))
		setenv("TZ", name, 1);
	else if (had)
		setenv("TZ", own, 1);
	else
		unsetenv("TZ");
	tzset();
}

const char *words_autonym(const char *language)
{
	for (size_t i = 0; i < sizeof(autonyms) / sizeof(autonyms[0]); i++)
		if (strcmp(autonyms[i].tag, language) == 0)
			return autonyms[i].name;
	return language;
}

void words_time_parts(char *clock, size_t clock_size, char *half, size_t half_size, int64_t wall_ms)
{
	struct clock_civil t = clock_civil_of(wall_ms);

	snprintf(clock, clock_size, "%d:%02d", t.hour % 12 == 0 ? 12 : t.hour % 12, t.minute);
	snprintf(half, half_size, "%s", t.hour < 12 ? _("AM") : _("PM"));
}

void words_time(char *out, size_t size, int64_t wall_ms)
{
	char clock[8], half[16];

	words_time_parts(clock, sizeof(clock), half, sizeof(half), wall_ms);
	/* TRANSLATORS: a time of day: 9:41, then AM or PM, with a no-break space */
	snprintf(out, size, _("%1$s %2$s"), clock, half);
}

static const char *const months[] = { N_("January"),   N_("February"), N_("March"),    N_("April"),
				      N_("May"),       N_("June"),     N_("July"),     N_("August"),
				      N_("September"), N_("October"),  N_("November"), N_("December") };

void words_day(char *out, size_t size, int64_t wall_ms)
{
	static const char *const days[] = { N_("Sunday"),   N_("Monday"), N_("Tuesday"), N_("Wednesday"),
					    N_("Thursday"), N_("Friday"), N_("Saturday") };
	struct clock_civil t = clock_civil_of(wall_ms);

	/* TRANSLATORS: a date without its year: 1 is the weekday, 2 the month, 3 the day of the month */
	snprintf(out, size, _("%1$s, %2$s %3$d"), _(days[t.weekday]), _(months[t.month - 1]), t.day);
}

void words_date(char *out, size_t size, const char *date)
{
	long year = strtol(date, NULL, 10), month = 0, day = 0;

	if (strlen(date) == 10) {
		month = strtol(date + 5, NULL, 10);
		day = strtol(date + 8, NULL, 10);
	}
	if (month < 1 || month > 12)
		text_copy(out, size, date);
	else
		/* TRANSLATORS: a date: 1 is the month's name, 2 the day, 3 the year */
		snprintf(out, size, _("%1$s %2$d, %3$d"), _(months[month - 1]), (int)day, (int)year);
}

void words_money(char *out, size_t size, int cents, const char *currency)
{
	if (strcmp(currency, "USD") == 0)
		snprintf(out, size, "$%d.%02d", cents / 100, cents % 100);
	else
		snprintf(out, size, "%d.%02d %s", cents / 100, cents % 100, currency);
}

const char *words_greeting(int64_t wall_ms)
{
	int hour = clock_civil_of(wall_ms).hour;

	if (hour < 12)
		return _("Good morning.");
	return hour < 18 ? _("Good afternoon.") : _("Good evening.");
}

void words_count(char *out, size_t size, const char *text, const char *plural, int count)
{
	const char *form = ngettext(text, plural, (unsigned long)count), *number = strstr(form, "%d");
	int before = number != NULL ? (int)(number - form) : (int)strlen(form);

	if (number != NULL)
		snprintf(out, size, "%.*s%d%s", before, form, count, number + 2);
	else
		snprintf(out, size, "%s", form);
}

void words_fill(char *out, size_t size, const char *template, const char *const *args, int count)
{
	size_t at = 0;

	while (*template != '\0' && at + 1 < size) {
		const char *insert = NULL;
		int index = template[0] == '%' && template[1] >= '1' && template[1] <= '9' ? template[1] - '1' : -1;

		if (index < 0 || strncmp(template + 2, "$s", 2) != 0) {
			out[at++] = *template ++;
			continue;
		}
		insert = index < count ? args[index] : "";
		text_copy(out + at, size - at, insert);
		at += strlen(out + at);
		template += 4;
		if (*template == '.' && at > 0 && out[at - 1] == '.')
			template ++; /* "a las 10:00 a. m." needs no second full stop */
	}
	out[at] = '\0';
}
