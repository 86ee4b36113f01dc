/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One request as libcurl carries it out; see transfer.h. */
#include "jauth-http/transfer.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/text.h"
#include "base/url.h"
#include "jauth-http/address.h"
#include "jauth-http/limits.h"
#include "jauth-http/tls.h"

struct transfer {
	const struct transfer_options *options;
	struct http_request *request;    /* libcurl reads its body from here */
	CURL *easy;
	struct curl_slist *headers;
	struct http_reply reply;         /* headers so far */
	struct buf body;
	size_t header_bytes;
	bool reached;                    /* connected and verified: the request may be there */
	bool has_headers;                /* all of them; libcurl takes cut ones for whole */
	const char *refusal;             /* why we ended it ourselves, or NULL */
	char error[CURL_ERROR_SIZE];
};

static const char *const method_names[] = {
	[HTTP_GET] = "GET",
	[HTTP_POST] = "POST",
	[HTTP_DELETE] = "DELETE",
	[HTTP_PUT] = "PUT",
};

struct number_option {
	CURLoption option;
	long value;
};

/* The same for every request. */
static const struct number_option fixed_options[] = {
	{ CURLOPT_NOSIGNAL, 1 },
	{ CURLOPT_NOPROGRESS, 1 },
	/* Else giving up on a name waits for the thread that still looks it up. */
	{ CURLOPT_QUICK_EXIT, 1 },
	{ CURLOPT_FOLLOWLOCATION, 0 },
	{ CURLOPT_NETRC, CURL_NETRC_IGNORED },
	{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
	{ CURLOPT_SSL_VERIFYPEER, 1 },
	{ CURLOPT_SSL_VERIFYHOST, 2 },
	{ CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
	{ CURLOPT_PROXY_SSL_VERIFYPEER, 1 },
	{ CURLOPT_PROXY_SSL_VERIFYHOST, 2 },
	/* A proxy sees none of the request's headers, and its own are not those of the reply. */
	{ CURLOPT_HTTPPROXYTUNNEL, 1 },
	{ CURLOPT_HEADEROPT, CURLHEADER_SEPARATE },
	{ CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 },
	{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS },
	{ CURLOPT_HTTP09_ALLOWED, 0 },
	/* Wait for the first connection to say whether it takes more than one request at a time.
	 * For libcurl that is the first to this server, by whatever proxy. */
	{ CURLOPT_PIPEWAIT, 1 },
	{ CURLOPT_MAXAGE_CONN, CONNECTION_IDLE_S },
	{ CURLOPT_MAXLIFETIME_CONN, CONNECTION_LIFE_S },
};

/* What must not go out twice. libcurl repeats a request by itself when a connection it had kept
 * closes without a word, and when an HTTP/2 server refuses the stream: so no connection that
 * was kept, none to be kept, and HTTP/1.1, which has no streams. */
static const struct number_option once_options[] = {
	{ CURLOPT_FRESH_CONNECT, 1 },
	{ CURLOPT_FORBID_REUSE, 1 },
	{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
	{ CURLOPT_PIPEWAIT, 0 },
	{ CURLOPT_CERTINFO, 1 },
};

static const struct {
	CURLoption option;
	const char *value;
} text_options[] = {
	{ CURLOPT_PROTOCOLS_STR, "https" },
	{ CURLOPT_REDIR_PROTOCOLS_STR, "https" },
	{ CURLOPT_NOPROXY, "" },         /* whatever the environment says */
	{ CURLOPT_USERAGENT, "jauth/" PACKAGE_VERSION },
	/* One file is parsed once and kept; a folder would be searched for every connection. */
	{ CURLOPT_CAPATH, NULL },
	{ CURLOPT_PROXY_CAPATH, NULL },
};

#define KEPT(header, field) \
	{ header, offsetof(struct http_reply, field), sizeof(((struct http_reply *)0)->field) }
static const struct {
	const char *name;
	size_t offset, size;
} kept_headers[] = {
	KEPT("content-type", content_type),
	KEPT("cache-control", cache_control),
	KEPT("link", link),
	KEPT("retry-after", retry_after),
	KEPT("x-ratelimit-remaining", ratelimit_remaining),
	KEPT("date", date),
};

/* --- what libcurl calls --- */

/* Media types are compared by those who asked: without parameters, in one case. */
static void fold_content_type(char *text)
{
	text[strcspn(text, "; ")] = '\0';
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

/* Keeps a header that somebody may ask for; the first of its name counts. One that does not fit or
 * is not printable counts as absent. */
static void keep_header(struct http_reply *reply, const char *name, const char *value)
{
	size_t i;

	for (i = 0; i < N_ELEMENTS(kept_headers); i++) {
		char *field = (char *)reply + kept_headers[i].offset;

		if (strcasecmp(kept_headers[i].name, name) != 0 || *field)
			continue;
		if (text_is_printable_ascii(value, kept_headers[i].size - 1))
			(void)text_into(field, kept_headers[i].size, value);
	}
	if (strcasecmp(name, "content-type") == 0)
		fold_content_type(reply->content_type);
}

/* Name and value of a cookie, without what a browser is told about it; empty ones, which take a
 * cookie away, too. One that does not fit or is not printable counts as absent. */
static void keep_cookie(struct http_reply *reply, char *cookie)
{
	struct buf cookies = BUF_INIT_SECRET(sizeof(reply->cookies) - 1);
	size_t len = strcspn(cookie, ";"), name_len = strcspn(cookie, "=");

	while (len && strchr(" \t", cookie[len - 1]))
		len--;
	cookie[len] = '\0';
	if (!name_len || name_len >= len || !text_is_printable_ascii(cookie, len))
		return;
	if (*reply->cookies)
		buf_add_format(&cookies, "%s; ", reply->cookies);
	buf_add(&cookies, cookie, len);
	if (!buf_failed(&cookies))
		(void)text_into(reply->cookies, sizeof(reply->cookies), buf_text(&cookies));
	buf_done(&cookies);
}

/* Cuts "Name: value\r\n" into its parts; false when it is no header. */
static bool split_header(char *line, char **ret_value)
{
	char *colon = strchr(line, ':'), *value;
	size_t len;

	if (!colon)
		return false;
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	for (len = strlen(value); len && strchr(" \t\r\n", value[len - 1]); len--)
		value[len - 1] = '\0';
	*ret_value = value;
	return true;
}

static void keep(struct http_reply *reply, const char *name, char *value)
{
	if (strcasecmp(name, "set-cookie") == 0)
		keep_cookie(reply, value);
	else
		keep_header(reply, name, value);
}

/* libcurl keeps the receive buffer of an HTTP/2 connection, and nghttp2 the last frames it sent, as
 * long as the connection lives, with bodies in them. So such a connection is shared
 * while requests overlap and closed with the last of them. HTTP/1.1 keeps nothing. */
static void on_status_line(struct transfer *transfer, const char *line)
{
	memset(&transfer->reply, 0, sizeof(transfer->reply));    /* of an earlier 1xx */
	transfer->has_headers = false;
	if (text_has_prefix(line, "HTTP/2"))
		(void)curl_easy_setopt(transfer->easy, CURLOPT_FORBID_REUSE, 1L);
}

static size_t on_header(char *data, size_t size, size_t n, void *userdata)
{
	struct transfer *transfer = userdata;
	size_t len = size * n;
	struct buf line = BUF_INIT_SECRET(REPLY_HEADERS_MAX);
	char *value;

	transfer->header_bytes += len;
	buf_add(&line, data, len);
	if (transfer->header_bytes > REPLY_HEADERS_MAX || buf_failed(&line)) {
		transfer->refusal = "headers are too long";
		buf_done(&line);
		return 0;
	}
	if (text_has_prefix(line.data, "HTTP/"))
		on_status_line(transfer, line.data);
	else if (line.data[strspn(line.data, "\r\n")] == '\0')
		transfer->has_headers = true;
	else if (split_header(line.data, &value))
		keep(&transfer->reply, line.data, value);
	buf_done(&line);
	return len;
}

static size_t on_body(char *data, size_t size, size_t n, void *userdata)
{
	struct transfer *transfer = userdata;
	size_t len = size * n;

	buf_add(&transfer->body, data, len);
	if (!buf_failed(&transfer->body))
		return len;
	transfer->refusal = "body is too long";
	return CURL_WRITEFUNC_ERROR;
}

/* A proxy looks up the name itself, and which names lead where is its own matter; but what is local
 * by its spelling is local to the proxy, and nobody's provider. */
static bool target_is_local(const struct http_request *request)
{
	struct url url;

	return request->proxy && (url_parse(request->url, URL_MAX, &url) < 0 ||
				  address_host_is_local(url.host));
}

/* Looks at the address the name led to, so no name can lead to services of this machine. With a
 * proxy it is the proxy's name and address. */
static curl_socket_t on_open_socket(void *userdata, curlsocktype purpose,
				    struct curl_sockaddr *address)
{
	struct transfer *transfer = userdata;

	if (purpose != CURLSOCKTYPE_IPCXN)
		return CURL_SOCKET_BAD;
	if (!transfer->options->allow_loopback) {
		if (address_is_local(&address->addr))
			transfer->refusal = "the host's address is local to this machine";
		else if (target_is_local(transfer->request))
			transfer->refusal = "the host is local to the proxy";
	}
	if (transfer->refusal)
		return CURL_SOCKET_BAD;
	return socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
		      address->protocol);
}

static int on_request_goes_out(void *userdata, char *remote_ip UNUSED, char *local_ip UNUSED,
			       int remote_port UNUSED, int local_port UNUSED)
{
	struct transfer *transfer = userdata;

	transfer->reached = true;
	return CURL_PREREQFUNC_OK;
}

static CURLcode on_tls_context(CURL *easy UNUSED, void *ssl_ctx, void *userdata UNUSED)
{
	tls_tighten(ssl_ctx);
	return CURLE_OK;
}

/* --- setting up --- */

static bool set_numbers(CURL *easy, const struct number_option *options, size_t n)
{
	CURLcode code = CURLE_OK;

	for (size_t i = 0; i < n && code == CURLE_OK; i++)
		code = curl_easy_setopt(easy, options[i].option, options[i].value);
	return code == CURLE_OK;
}

static bool set_fixed_options(CURL *easy)
{
	CURLcode code = CURLE_OK;
	size_t i;

	for (i = 0; i < N_ELEMENTS(text_options) && code == CURLE_OK; i++)
		code = curl_easy_setopt(easy, text_options[i].option, text_options[i].value);
	return code == CURLE_OK && set_numbers(easy, fixed_options, N_ELEMENTS(fixed_options));
}

static bool set_callbacks(struct transfer *transfer)
{
	CURL *easy = transfer->easy;

	return curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request_goes_out) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls_context) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_SHARE, transfer->options->share) == CURLE_OK;
}

static bool set_body(struct transfer *transfer)
{
	const struct http_request *request = transfer->request;
	const struct secret *body = request->body;
	CURL *easy = transfer->easy;

	/* libcurl does not copy what POSTFIELDS points to. */
	if (body || request->method == HTTP_POST || request->method == HTTP_PUT)
		if (curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
				     (curl_off_t)(body ? body->len : 0)) != CURLE_OK ||
		    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body ? body->data : "") != CURLE_OK)
			return false;
	return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method_names[request->method]) ==
	       CURLE_OK;
}

static bool add_header(struct transfer *transfer, const char *header)
{
	struct curl_slist *more = curl_slist_append(transfer->headers, header);

	if (more)
		transfer->headers = more;
	return more != NULL;
}

static bool set_headers(struct transfer *transfer)
{
	const struct http_request *request = transfer->request;
	unsigned i;

	for (i = 0; i < request->n_headers; i++)
		if (!add_header(transfer, request->headers[i]->data))
			return false;
	/* A signed request must have no header but its own: this removes the one of a form that
	 * libcurl adds to every POST. A header of the request's own counts, as it comes first. */
	if (!request->body && !add_header(transfer, "Content-Type:"))
		return false;
	return curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK;
}

static bool set_request(struct transfer *transfer)
{
	const struct http_request *request = transfer->request;
	const char *ca_file = transfer->options->ca_file;
	CURL *easy = transfer->easy;

	if (ca_file && (curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file) != CURLE_OK ||
			curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, ca_file) != CURLE_OK))
		return false;
	if (request->once && !set_numbers(easy, once_options, N_ELEMENTS(once_options)))
		return false;
	/* "" is none, whatever the environment says. */
	return curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PROXY, request->proxy ? request->proxy : "") ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_ms) ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->total_ms) == CURLE_OK &&
	       set_headers(transfer) && set_body(transfer);
}

struct transfer *transfer_new(const struct transfer_options *options,
			      struct http_request *request, void *context)
{
	struct transfer *transfer = calloc(1, sizeof(*transfer));

	if (!transfer) {
		http_request_free(request);
		return NULL;
	}
	transfer->options = options;
	transfer->request = request;
	transfer->body = (struct buf)BUF_INIT_SECRET(request->max_body);
	transfer->easy = curl_easy_init();
	if (!transfer->easy || !set_fixed_options(transfer->easy) || !set_callbacks(transfer) ||
	    !set_request(transfer) ||
	    curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, context) != CURLE_OK)
		return transfer_free(transfer);
	return transfer;
}

struct transfer *transfer_free(struct transfer *transfer)
{
	if (!transfer)
		return NULL;
	curl_easy_cleanup(transfer->easy);
	curl_slist_free_all(transfer->headers);
	http_request_free(transfer->request);
	http_reply_done(&transfer->reply);
	buf_done(&transfer->body);
	free(transfer);
	return NULL;
}

CURL *transfer_handle(struct transfer *transfer)
{
	return transfer->easy;
}

/* --- what came of it --- */

static enum http_result failure_of(const struct transfer *transfer, CURLcode code)
{
	if (!transfer->reached)
		return HTTP_NOT_SENT;
	return code == CURLE_OPERATION_TIMEDOUT ? HTTP_TIMED_OUT : HTTP_BROKEN;
}

static void describe_failure(const struct transfer *transfer, CURLcode code,
			     struct http_reply *reply)
{
	struct buf text = BUF_INIT(sizeof(reply->error) - 1);
	const char *reason = transfer->refusal;

	if (!reason)
		reason = *transfer->error ? transfer->error : curl_easy_strerror(code);
	if (transfer->request->proxy && !transfer->reached) {
		buf_add_text(&text, "through ");
		text_add_ascii(&text, transfer->request->proxy, PROXY_SHOWN_MAX);
		buf_add_text(&text, ": ");
	}
	text_add_ascii(&text, reason, sizeof(reply->error) - 4 - text.len);
	(void)text_into(reply->error, sizeof(reply->error), buf_text(&text));
	buf_done(&text);
}

/* The first certificate is the server's own. */
static void keep_certificate(const struct transfer *transfer, struct http_reply *reply)
{
	static const char label[] = "Expire date:";
	const struct curl_certinfo *info = NULL;
	const struct curl_slist *line;

	if (!transfer->request->once ||
	    curl_easy_getinfo(transfer->easy, CURLINFO_CERTINFO, &info) != CURLE_OK || !info ||
	    info->num_of_certs < 1)
		return;
	for (line = info->certinfo[0]; line; line = line->next) {
		const char *until = line->data + strlen(label);

		if (text_has_prefix(line->data, label) &&
		    text_is_printable_ascii(until, sizeof(reply->certificate_until) - 1))
			(void)text_into(reply->certificate_until,
					sizeof(reply->certificate_until), until);
	}
}

/* True when there is a whole reply, and then it is in `reply`. */
static bool take_reply(struct transfer *transfer, struct http_reply *reply)
{
	long status = 0;

	if (!transfer->has_headers ||
	    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK ||
	    status < 100 || status > 599) {
		transfer->refusal = "the reply is not whole";
		return false;
	}
	*reply = transfer->reply;
	if (transfer->body.len)
		reply->body = secret_new(transfer->body.data, transfer->body.len);
	if (transfer->body.len && !reply->body)
		return false;
	reply->result = HTTP_DONE;
	reply->status = (uint32_t)status;
	keep_certificate(transfer, reply);
	return true;
}

void transfer_finish(struct transfer *transfer, CURLcode code, struct http_reply *ret_reply)
{
	struct http_reply reply = { 0 };

	if (code != CURLE_OK || !take_reply(transfer, &reply)) {
		http_reply_done(&reply);
		reply.result = failure_of(transfer, code);
		describe_failure(transfer, code, &reply);
	}
	*ret_reply = reply;
}
