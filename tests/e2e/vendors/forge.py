# SPDX-License-Identifier: GPL-3.0-or-later
"""ID tokens, right and wrong. Signed by hand, for a library would refuse to make most of them."""

import base64
import hashlib
import hmac
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def b64_number(number):
    return b64(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def b64_json(value):
    return b64(json.dumps(value).encode())


class Key:
    """An RSA key with a name, as a key set publishes it."""

    def __init__(self, kid, bits=2048):
        self.kid = kid
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=bits)

    def jwk(self, **changes):
        numbers = self.private.public_key().public_numbers()
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid,
                "n": b64_number(numbers.n), "e": b64_number(numbers.e), **changes}

    def sign(self, text, digest=None):
        return self.private.sign(text.encode(), padding.PKCS1v15(), digest or hashes.SHA256())

    def public_pem(self):
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def half_hash(text):
    return b64(hashlib.sha256(text.encode()).digest()[:16])


class Draft:
    """A token before it is signed; a forgery changes it, and how it is signed."""

    def __init__(self, key, claims):
        self.key = key
        self.header = {"alg": "RS256", "typ": "JWT", "kid": key.kid}
        self.claims = claims
        self.sign = lambda text: self.key.sign(text)
        self.payload_text = None

    def token(self):
        payload = self.payload_text or json.dumps(self.claims)
        text = b64_json(self.header) + "." + b64(payload.encode())
        return text + "." + b64(self.sign(text))


def _claim(name, value):
    def forge(draft):
        draft.claims[name] = value(draft.claims) if callable(value) else value
    return forge


def _without(name):
    def forge(draft):
        del draft.claims[name]
    return forge


def _alg_none(draft):
    draft.header["alg"] = "none"
    draft.sign = lambda text: b""


def _alg_none_signed(draft):
    draft.header["alg"] = "none"


def _hs256_with_public_key(draft):
    draft.header["alg"] = "HS256"
    draft.sign = lambda text: hmac.digest(draft.key.public_pem(), text.encode(), "sha256")


def _rs512_for_rs256(draft):
    draft.header["alg"] = "RS512"
    draft.sign = lambda text: draft.key.sign(text, hashes.SHA512())


def _crit(draft):
    draft.header["crit"] = ["exp"]


def _crit_unknown(draft):
    draft.header["crit"] = ["urn:example:new"]
    draft.header["urn:example:new"] = True


def _foreign_key(draft):
    """Somebody else's key under the right name."""
    draft.key = Key(draft.key.kid)


def _foreign_key_in_header(draft):
    draft.key = Key(draft.key.kid)
    draft.header["jwk"] = draft.key.jwk()


def _unknown_kid(draft):
    draft.header["kid"] = "nobody"


def _signature_of_another(draft):
    draft.sign = lambda text: draft.key.sign("other." + text)


def _changed_after_signing(draft):
    original = draft.sign

    def sign(text):
        header, _, _ = text.partition(".")
        honest = dict(draft.claims, sub="somebody-else")
        return original(header + "." + b64_json(honest))
    draft.sign = sign


def _zero_signature(draft):
    draft.sign = lambda text: bytes(256)


def _two_subjects(draft):
    text = json.dumps(draft.claims)
    draft.payload_text = text[:-1] + ', "sub": "somebody-else"}'


def _typ_access_token(draft):
    draft.header["typ"] = "at+jwt"


def _two_audiences(draft):
    draft.claims["aud"] = [draft.claims["aud"], "another-client"]


def _two_audiences_with_azp(draft):
    draft.claims["azp"] = draft.claims["aud"]
    _two_audiences(draft)


# Name → what makes a right token wrong. Every one of them must be refused.
FORGERIES = {
    "alg_none": _alg_none,
    "alg_none_signed": _alg_none_signed,
    "hs256_with_public_key": _hs256_with_public_key,
    "rs512_for_rs256": _rs512_for_rs256,
    "crit": _crit,
    "crit_unknown": _crit_unknown,
    "foreign_key": _foreign_key,
    "foreign_key_in_header": _foreign_key_in_header,
    "unknown_kid": _unknown_kid,
    "signature_of_another": _signature_of_another,
    "changed_after_signing": _changed_after_signing,
    "zero_signature": _zero_signature,
    "two_subjects": _two_subjects,
    "typ_access_token": _typ_access_token,
    "wrong_aud": _claim("aud", "another-client"),
    "no_aud": _without("aud"),
    "two_audiences": _two_audiences,
    "two_audiences_with_azp": _two_audiences_with_azp,
    "wrong_azp": _claim("azp", "another-client"),
    "other_issuer": _claim("iss", "https://other.example.org"),
    "issuer_with_slash": _claim("iss", lambda claims: claims["iss"] + "/"),
    "no_issuer": _without("iss"),
    "expired": _claim("exp", lambda _: int(time.time()) - 120),
    "no_exp": _without("exp"),
    "exp_as_text": _claim("exp", lambda claims: str(claims["exp"])),
    "issued_in_future": _claim("iat", lambda _: int(time.time()) + 600),
    "issued_before_login": _claim("iat", lambda _: int(time.time()) - 3600),
    "no_iat": _without("iat"),
    "not_before_future": _claim("nbf", lambda _: int(time.time()) + 600),
    "wrong_at_hash": _claim("at_hash", half_hash("another token")),
    "no_sub": _without("sub"),
    "empty_sub": _claim("sub", ""),
    "sub_as_number": _claim("sub", 4711),
    "sub_in_other_case": _claim("sub", lambda claims: claims["sub"].swapcase()),
    "sub_longer": _claim("sub", lambda claims: claims["sub"] + "0"),
    "sub_shorter": _claim("sub", lambda claims: claims["sub"][:-1]),
    "sub_with_nul": _claim("sub", lambda claims: claims["sub"] + "\0x"),
    "sub_with_blank": _claim("sub", lambda claims: claims["sub"] + " "),
}


# The same where a nonce was sent, as in every code flow.
NONCE_FORGERIES = {
    "no_nonce": _without("nonce"),
    "empty_nonce": _claim("nonce", ""),
    "wrong_nonce": _claim("nonce", "n-0S6_WzA2Mj"),
    "nonce_as_list": _claim("nonce", lambda claims: [claims["nonce"]]),
    "nonce_longer": _claim("nonce", lambda claims: claims["nonce"] + "A"),
}


def id_token(key, claims, forgery=None):
    draft = Draft(key, dict(claims))
    if forgery:
        {**FORGERIES, **NONCE_FORGERIES}[forgery](draft)
    return draft.token()
