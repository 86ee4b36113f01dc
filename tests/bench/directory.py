# SPDX-License-Identifier: GPL-3.0-or-later
"""An LDAP directory, and the daemons through which pam_ldap, nss_ldapd and SSSD ask it."""

import contextlib
import os
import pathlib
import pwd
import shutil
import tempfile

from house import wait_until
from ports import free_port
from service import Service, run

BASE = "dc=example,dc=org"

SLAPD_CONF = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
moduleload back_mdb
modulepath /usr/lib/ldap
pidfile {folder}/slapd.pid
password-hash {{CRYPT}}
database mdb
maxsize 4294967296
suffix {base}
directory {folder}/db
index uid,uidNumber,gidNumber,memberUid,objectClass eq
access to * by * read
"""

ONE_PERSON = """dn: {base}
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: uid={user},{base}
objectClass: account
objectClass: posixAccount
uid: {user}
cn: {user}
uidNumber: {uid}
gidNumber: {uid}
homeDirectory: /home/{user}
userPassword: {{CRYPT}}{hash}
"""

NSLCD_CONF = """uid nslcd
gid nslcd
uri {uri}
base {base}
"""


def one_person(user, password_hash):
    """Who exists on the machine, too."""
    return ONE_PERSON.format(base=BASE, user=user, hash=password_hash,
                             uid=pwd.getpwnam(user).pw_uid)


SSSD_CONF = """[sssd]
services = nss
domains = bench
[nss]
[domain/bench]
id_provider = ldap
auth_provider = none
access_provider = permit
ldap_uri = {uri}
ldap_search_base = {base}
ldap_schema = rfc2307
min_id = 1
entry_cache_timeout = 86400
"""


class Directory:
    """Holds these entries (LDIF) and runs while the with statement lasts."""

    def __init__(self, folder, entries):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        self.uri = f"ldap://127.0.0.1:{free_port()}"
        names = {"folder": self.folder, "base": BASE, "uri": self.uri}
        (self.folder / "db").mkdir()
        config = self.folder / "slapd.conf"
        config.write_text(SLAPD_CONF.format(**names))
        (self.folder / "entries").write_text(entries)
        run(["slapadd", "-q", "-f", str(config), "-l", str(self.folder / "entries")])
        self.slapd = Service("slapd", ["slapd", "-f", str(config), "-h", self.uri, "-d", "0"],
                             str(self.folder), notify=False)
        self._write_nslcd(NSLCD_CONF.format(**names))
        self.nslcd = Service("nslcd", ["nslcd", "-n"], str(self.folder), notify=False)

    @contextlib.contextmanager
    def sssd(self):
        """SSSD with this directory runs; its cache is empty at first."""
        conf = pathlib.Path("/etc/sssd/sssd.conf")
        conf.write_text(SSSD_CONF.format(uri=self.uri, base=BASE))
        os.chmod(conf, 0o600)
        for path in [*pathlib.Path("/var/lib/sss/db").glob("*"),
                     *pathlib.Path("/var/lib/sss/mc").glob("*")]:
            path.unlink()
        sssd = Service("sssd", ["sssd", "-i"], str(self.folder), notify=False).start()
        wait_until(lambda: os.path.exists("/var/lib/sss/pipes/nss"), 20, "sssd")
        yield
        sssd.stop()

    def _write_nslcd(self, text):
        conf = pathlib.Path("/etc/nslcd.conf")
        conf.write_text(text)
        os.chmod(conf, 0o600)
        run_folder = pathlib.Path("/run/nslcd")
        run_folder.mkdir(exist_ok=True)
        shutil.chown(run_folder, "nslcd", "nslcd")

    def __enter__(self):
        self.slapd.start()
        search = ["ldapsearch", "-x", "-H", self.uri, "-b", BASE, "-s", "base"]
        wait_until(lambda: run(search, check=False).returncode == 0, 20, "slapd")
        self.nslcd.start()
        wait_until(lambda: os.path.exists("/run/nslcd/socket"), 20, "nslcd")
        return self

    def __exit__(self, *_):
        self.nslcd.stop()
        self.slapd.stop()
        shutil.rmtree(self.folder)
