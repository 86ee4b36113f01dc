/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /d/ID: the page that a login in DingTalk's app leads to. It is the same for every link and
 * asks the store nothing: what it needs stands behind '#', which browsers do not send. */
#include "jauth-relay/app.h"
#include "jauth-relay/change.h"
#include "jauth-relay/phone.h"

void phone_show_dingtalk(struct request *request)
{
	enum relay_app app = app_of_user_agent(request->headers[HEADER_USER_AGENT]);

	if (!change_is_id(request->argument))
		phone_answer_unknown(request, NOTICE_UNKNOWN);
	else if (app != RELAY_APP_DINGTALK)
		phone_answer_notice(request, NOTICE_OPEN_IN_DINGTALK, NULL);
	else
		phone_answer_dingtalk(request);
}
