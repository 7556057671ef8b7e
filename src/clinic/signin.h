/* Who is at the desk: users (argon2id), sessions, the first start's one-time token.
 *
 * A session is 32 random bytes in a cookie; the store keeps its hash. It ends after 12 hours, or 30 minutes without a
 * request. Failed sign-ins of one name from one address must wait: nothing for the first five, then 1 s doubling to
 * five minutes. Hashing runs on the writer's slow thread, one at a time, with a bounded queue. */
#ifndef LOBBY_CLINIC_SIGNIN_H
#define LOBBY_CLINIC_SIGNIN_H

#include "http.h"

#define SIGNIN_PASSWORD_MIN 8
#define SIGNIN_PASSWORD_MAX 256

int signin_new(struct signin **signin) MUST_CHECK;
void signin_free(struct signin *signin);

/** The session that the Cookie header names. LOBBY_ERR_DENIED. */
int signin_session(struct clinic *clinic, const char *cookies, struct session *session) MUST_CHECK;
/** Is this session (still) good? For streams that stay open. */
bool signin_session_good(struct ledger *store, const unsigned char hash[32]);

/** Makes the first start's token (24 characters) if there is no user yet. LOBBY_ERR_EXISTS if there is. Transaction
 * inside. */
int signin_setup_token(struct ledger *store, char token[33]) MUST_CHECK;
/** Adds a user, or changes the password of one. Transaction inside. LOBBY_ERR_INVALID: name or password unfit. */
int signin_user_set(struct ledger *store, const char *name, const char *password, const char *role) MUST_CHECK;

int desk_session(struct request *r);
int desk_setup(struct request *r);
int desk_sign_in(struct request *r);
int desk_sign_out(struct request *r);
int desk_users(struct request *r);
int desk_user_add(struct request *r);

#endif
