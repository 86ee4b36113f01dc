/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All items of a step go out in one call: sshd counts calls and messages, LightDM has one buffer
 * for a call, and some greeters show only what comes together with a prompt. PAM_SILENT is not
 * obeyed: sudo sets it always, and a code that is not shown is a login that cannot succeed.
 */
#include "pam_jauth/conversation.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

static_assert(LOGIN_ITEMS_MAX <= PAM_MAX_NUM_MSG, "a step fits into one call");

void answer_wipe(struct answer *answer)
{
	explicit_bzero(answer, sizeof(*answer));
}

static const struct pam_conv *find_conversation(pam_handle_t *pamh)
{
	const void *item = NULL;
	const struct pam_conv *conversation;

	if (pam_get_item(pamh, PAM_CONV, &item) != PAM_SUCCESS)
		return NULL;
	conversation = item;
	return conversation && conversation->conv ? conversation : NULL;
}

bool conversation_exists(pam_handle_t *pamh)
{
	return find_conversation(pamh) != NULL;
}

/* PAM's style of an item, or 0 for one that is not for the person's eyes. */
static int style_of(const struct login_item *item, bool with_infos)
{
	switch (item->kind) {
	case ITEM_INFO:
		return with_infos ? PAM_TEXT_INFO : 0;
	case ITEM_ERROR:
		return PAM_ERROR_MSG;
	case ITEM_ASK:
		return item->echo ? PAM_PROMPT_ECHO_ON : PAM_PROMPT_ECHO_OFF;
	case ITEM_REQUEST:
	case ITEM_N_KINDS:
		return 0;
	}
	return 0;
}

static void free_responses(struct pam_response *responses, int n_responses)
{
	for (int i = 0; i < n_responses; i++) {
		if (!responses[i].resp)
			continue;
		explicit_bzero(responses[i].resp, strlen(responses[i].resp));
		free(responses[i].resp);
	}
	free(responses);
}

static int take_answer(const char *text, struct answer *ret_answer)
{
	size_t len;

	if (!text)
		return -ENOTCONN;    /* how some programs say that the person broke off */
	len = strlen(text);
	if (len > LOGIN_ANSWER_MAX)
		return -EMSGSIZE;
	ret_answer->len = len;
	memcpy(ret_answer->text, text, len + 1);
	return 0;
}

int conversation_show(pam_handle_t *pamh, const struct login_step *step, bool with_infos,
		      struct answer *ret_answer)
{
	const struct pam_conv *conversation = find_conversation(pamh);
	struct pam_message messages[LOGIN_ITEMS_MAX];
	const struct pam_message *pointers[LOGIN_ITEMS_MAX];
	struct pam_response *responses = NULL;
	int n = 0, r = 0;

	for (unsigned i = 0; i < step->n_items; i++) {
		int style = style_of(&step->items[i], with_infos);

		if (!style)
			continue;
		messages[n] = (struct pam_message){ .msg_style = style,
						    .msg = step->items[i].text };
		pointers[n] = &messages[n];
		n++;
	}
	if (n == 0)
		return 0;
	if (!conversation)
		return -ENOTCONN;
	if (conversation->conv(n, pointers, &responses, conversation->appdata_ptr) != PAM_SUCCESS)
		return -ENOTCONN;    /* what it left in `responses` then is not defined */
	if (step->state == LOGIN_ASK)
		r = take_answer(responses ? responses[n - 1].resp : NULL, ret_answer);
	if (responses)
		free_responses(responses, n);
	return r;
}
