/* The wire between kiosk and clinic, with weather: a TCP relay on 127.0.0.1 inside the driver's loop. */
#ifndef LOBBY_TESTS_FAULT_PROXY_H
#define LOBBY_TESTS_FAULT_PROXY_H

#include "base/loop.h"
#include "chance.h"

#include <stdint.h>

enum proxy_weather {
	PROXY_FAIR,
	PROXY_DOWN,    /* connections are closed at once */
	PROXY_SILENT,  /* taken and never answered */
	PROXY_GARBAGE, /* answered with random bytes */
	PROXY_CUT,     /* closed after some bytes, either way: half requests and half answers */
	PROXY_LIAR,    /* another server answers, with the clinic's own certificate (liar.h) */
	PROXY_WEATHERS
};

struct proxy;

/** Listens; *port is where. NULL when that fails. The chance is borrowed. */
struct proxy *proxy_new(struct loop *loop, struct chance *chance, uint16_t *port);
void proxy_free(struct proxy *proxy);
void proxy_target(struct proxy *proxy, uint16_t clinic_port, uint16_t liar_port);
/** From now on; what is connected is cut, except in fair weather after PROXY_FAIR. */
void proxy_set(struct proxy *proxy, enum proxy_weather weather);
const char *proxy_weather_name(enum proxy_weather weather);

#endif
