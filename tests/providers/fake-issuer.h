/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An issuer of ID tokens for tests: Ed25519 keys made from fixed bytes, good for nothing else. */
#pragma once

/* A token over these claims (a JSON object) by key N, with the kid "key-N". The caller frees. */
char *fake_issuer_token(const char *claims, unsigned key);
/* With another header than { alg, kid, typ }. */
char *fake_issuer_token_with(const char *header, const char *claims, unsigned key);
/* The public half as a JWK. */
char *fake_issuer_key(unsigned key);
