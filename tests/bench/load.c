/* See load.h. Everybody is plainly invented; numbers stand where names would differ. */
#include "load.h"

#include "bench.h"

#include "base/clock.h"
#include "base/text.h"
#include "sync/store.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void load_people_write(FILE *out, uint32_t count)
{
	int64_t day = clock_day_start_ms(clock_wall_ms());
	char start[32], end[32];

	fputs("{\"resourceType\":\"Practitioner\",\"id\":\"dr-okafor\",\"name\":[{\"family\":\"Okafor\",\"given\":"
	      "[\"Amara\"],\"prefix\":[\"Dr.\"]}]}\n"
	      "{\"resourceType\":\"Location\",\"id\":\"waiting-b\",\"name\":\"Waiting area B\",\"description\":"
	      "\"Floor 2, waiting area B\",\"alias\":[\"Waiting B\"],\"identifier\":[{\"system\":"
	      "\"urn:lobby:ticket-prefix\",\"value\":\"B\"}]}\n",
	      out);
	for (uint32_t n = 0; n < count; n++) {
		int64_t at_ms = day + (int64_t)(n % 1400) * 60000;

		clock_format_instant(at_ms, start, sizeof(start));
		clock_format_instant(at_ms + 20 * 60000, end, sizeof(end));
		fprintf(out,
			"{\"resourceType\":\"Patient\",\"id\":\"p%u\",\"name\":[{\"family\":\"Demo%u\",\"given\":"
			"[\"Robin\"]}],\"birthDate\":\"%u-%02u-%02u\",\"telecom\":[{\"system\":\"phone\",\"value\":"
			"\"555-01%02u\"}],\"address\":[{\"line\":[\"%u Main Street\"],\"city\":\"Springfield\","
			"\"postalCode\":\"01101\"}]}\n",
			n, n, 1930 + n % 90, 1 + n % 12, 1 + n % 28, n % 100, 1 + n % 500);
		fprintf(out,
			"{\"resourceType\":\"Appointment\",\"id\":\"a%u\",\"status\":\"booked\",\"start\":\"%s\","
			"\"end\":\"%s\",\"minutesDuration\":20,\"participant\":[{\"actor\":{\"reference\":"
			"\"Patient/p%u\"},\"status\":\"accepted\"},{\"actor\":{\"reference\":"
			"\"Practitioner/dr-okafor\"},\"status\":\"accepted\"},{\"actor\":{\"reference\":"
			"\"Location/waiting-b\"},\"status\":\"accepted\"}]}\n",
			n, start, end, n);
	}
}

void load_identity(const char *folder, struct identity *identity)
{
	struct store store;

	BENCH_MUST(store_open(&store, folder) == 0);
	identity_load(&store, identity);
	store_close(&store);
	if (!identity->enrolled)
		bench_die("%s: no kiosk was enrolled here", folder);
}

void load_visit(struct visit *visit, const char *kiosk_id, uint32_t n, int64_t seq)
{
	int64_t now_ms = clock_wall_ms();

	*visit = (struct visit){ .kind = VISIT_ARRIVAL,
				 .seq = (uint64_t)seq,
				 .appointment_count = 1,
				 .contact = n % 4 == 1 ? VISIT_CONTACT_CHANGED : VISIT_CONTACT_CONFIRMED,
				 .insurance = n % 4 == 2 ? VISIT_INSURANCE_NEW : VISIT_INSURANCE_CONFIRMED,
				 .started_ms = now_ms - 30000,
				 .finished_ms = now_ms,
				 .touches = 12 };
	visit_new_id(visit->id);
	text_copy(visit->kiosk_id, sizeof(visit->kiosk_id), kiosk_id);
	snprintf(visit->ticket, sizeof(visit->ticket), "B %u", n + 1);
	snprintf(visit->patient_id, sizeof(visit->patient_id), "p%u", n);
	snprintf(visit->appointment_id[0], sizeof(visit->appointment_id[0]), "a%u", n);
	text_copy(visit->identified_by, sizeof(visit->identified_by), "birthday");
	text_copy(visit->language, sizeof(visit->language), "en");
	snprintf(visit->coverage_id, sizeof(visit->coverage_id), "c%u", n);
	if (visit->contact == VISIT_CONTACT_CHANGED) {
		text_copy(visit->phone, sizeof(visit->phone), "555-0142");
		text_copy(visit->address_line, sizeof(visit->address_line), "14 Aspen Street");
		text_copy(visit->address_city, sizeof(visit->address_city), "Springfield");
		text_copy(visit->address_postal_code, sizeof(visit->address_postal_code), "01101");
	}
	if (visit->insurance == VISIT_INSURANCE_NEW) {
		text_copy(visit->payor, sizeof(visit->payor), "Blue Ridge Health PPO");
		text_copy(visit->member_id, sizeof(visit->member_id), "DEMO0004417");
		text_copy(visit->group, sizeof(visit->group), "80-221");
	}
}

/* The visit's Bundle, sealed, in base64, on the heap. */
static char *sealed_of(const struct identity *identity, const struct visit *visit)
{
	json_t *bundle = NULL;
	size_t len, size;
	uint8_t *sealed;
	char *text, *base64;

	BENCH_MUST(visit_to_bundle(visit, &bundle) == 0);
	text = json_dumps(bundle, JSON_COMPACT);
	json_decref(bundle);
	BENCH_MUST(text != NULL);
	len = strlen(text);
	size = sodium_base64_encoded_len(len + crypto_box_SEALBYTES, sodium_base64_VARIANT_ORIGINAL);
	sealed = malloc(len + crypto_box_SEALBYTES);
	base64 = malloc(size);
	BENCH_MUST(sealed != NULL && base64 != NULL);
	BENCH_MUST(crypto_box_seal(sealed, (const uint8_t *)text, len, identity->seal_key) == 0);
	sodium_bin2base64(base64, size, sealed, len + crypto_box_SEALBYTES, sodium_base64_VARIANT_ORIGINAL);
	free(text);
	free(sealed);
	return base64;
}

char *load_request(const struct identity *identity, uint32_t n, int64_t seq, size_t *len, char key[37])
{
	static const char before[] = "{\"rows\":[{\"seq\":%lld,\"key\":\"%s\",\"sealed\":\"";
	struct visit visit;
	char head[160], *base64, *request = NULL;
	int head_len;

	load_visit(&visit, identity->kiosk_id, n, seq);
	base64 = sealed_of(identity, &visit);
	head_len = snprintf(head, sizeof(head), before, (long long)seq, visit.id);
	*len = (size_t)asprintf(&request,
				"POST /kiosk/v1/visits HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Kiosk %s:%s\r\n"
				"Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s%s\"}]}",
				identity->kiosk_id, identity->credential, (size_t)head_len + strlen(base64) + 4, head,
				base64);
	BENCH_MUST(request != NULL);
	free(base64);
	if (key != NULL)
		text_copy(key, 37, visit.id);
	return request;
}
