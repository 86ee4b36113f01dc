# SPDX-License-Identifier: GPL-3.0-or-later
"""A telephone at a provider's page, as far as a login sees it: opens where the button leads, says
yes or no, and comes back to the relay with a query. Real browsers are in phone.py."""

import html.parser
import http.client
import ssl
import urllib.parse

from vendors import dingtalk, wechat_account, wechat_open, wecom

BROWSER = ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) "
           "Chrome/126.0.0.0 Mobile Safari/537.36")


class _Form(html.parser.HTMLParser):
    """The hidden fields of the page's form."""

    def __init__(self, page):
        super().__init__()
        self.fields = {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "input" and given.get("name"):
            self.fields[given["name"]] = given.get("value", "")


def ask(url, ca, method="GET", form=None, **headers):
    """(status, headers, text) of one request; redirects are not followed."""
    parts = urllib.parse.urlsplit(url)
    context = ssl.create_default_context(cafile=ca)
    connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=20,
                                             context=context)
    try:
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        path = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read().decode()
    finally:
        connection.close()


def query_of(status, headers, text):
    assert status in (302, 303), (status, text)
    return urllib.parse.urlsplit(headers["Location"]).query


def at_wecom(vendor, url, member, agent=wecom.USER_AGENT):
    """The app opens the link; WeCom asks nobody. The query it comes back with."""
    headers = {"User-Agent": agent, wecom.PERSON_HEADER: member.lower()}
    return query_of(*ask(url, vendor.ca, **headers))


def at_account(account, url, person, agent=wechat_account.USER_AGENT):
    """WeChat opens the page of an official account; he agrees. The query it comes back with."""
    headers = {"User-Agent": agent, wechat_account.PERSON_HEADER: person.name}
    return query_of(*ask(url, account.vendor.ca, **headers))


def at_dingtalk(vendor, url, person):
    """What the relay's page in the app does: asks for a code, or learns that there is none."""
    given = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).fragment))
    code = vendor.ask_app(given["corp_id"], given["client_id"], person)
    answer = {"code": code} if code else {"error": "3 user refused"}
    return urllib.parse.urlencode({**answer, "state": given["state"]})


def at_dingtalk_page(vendor, url, person, answer="yes"):
    """The vendor's page for browsers, which asks the first time."""
    headers = {"User-Agent": BROWSER, dingtalk.PERSON_HEADER: person}
    status, given, page = ask(url, vendor.ca, **headers)
    if status == 200:
        form = {**_Form(page).fields, "answer": answer}
        status, given, page = ask(vendor.url + "/login/oauth2/consent", vendor.ca, "POST", form,
                                  **headers)
    return query_of(status, given, page)


def at_oidc(provider, url, sub, action="approve"):
    """Signs in as this person, or cancels."""
    _, _, page = ask(url, provider.ca, **{"User-Agent": BROWSER})
    form = {**_Form(page).fields, "sub": sub, "action": action}
    return query_of(*ask(url, provider.ca, "POST", form, **{"User-Agent": BROWSER}))


def at_wechat(pages, url, person):
    """A computer opens the page, the telephone scans its code, and the person agrees."""
    headers = {"User-Agent": wechat_open.COMPUTER, "Referer": url}
    return pages.visit(url, person, lambda asked: ask(asked, pages.vendor.ca, **headers))
