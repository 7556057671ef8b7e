/* A server with the clinic's own key and certificate that answers wrongly: 500, garbage, half answers, answers about
 * other rows. It never says that a row is stored, which would be no fault of the network but a lost visit. */
#ifndef LOBBY_TESTS_FAULT_LIAR_H
#define LOBBY_TESTS_FAULT_LIAR_H

#include <stdint.h>

struct liar;

/** pem holds key and certificate (the clinic's tls.pem). NULL when it cannot start. */
struct liar *liar_new(const char *pem_path, uint64_t seed, uint16_t *port);
void liar_free(struct liar *liar);

#endif
