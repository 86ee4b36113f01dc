import sys, time
import configs
from house import House
from people import *
from vendors.tls import Authority
from vendors.oidc import Provider
from vendors.relay import Relay
house = House().start_bus()
a = Authority(house.folder); house.trust(a.ca_path)
op = Provider(a).start()
relay = Relay(a).start()
key = relay.key("house.example.org")
import os, pathlib
pathlib.Path("/etc/jauth/secrets").mkdir(parents=True, exist_ok=True)
kf = pathlib.Path("/etc/jauth/secrets/relay"); kf.write_text(key); os.chmod(kf, 0o640); import shutil; shutil.chown(kf, "root", "jauth")
text = (configs.head() + configs.PASSWORD + configs.section("relay", {"url": relay.url, "key_file": kf})
  + configs.oidc(op, flow="relay").replace("device_flow_alone = yes\n","")
  + configs.service("sshd", "work"))
house.use_jauth("sshd")
house.configure(text)
user = house.add_user(password="x")
try:
    with house.sshd().login(user) as ssh:
        ssh.wait_for(r"two digits[^\n]*: ")
        print(ssh.text())
        print("QR:", ssh.read_qr())
        link = relay.wait_link(user)
        print(link)
        relay.press(link)
        print(relay.wait_target(link, 5))
        ssh.send_line("42")
        ssh.wait_for(r"Nothing is approved")
        relay.callback(link, "code=abc&state=" + relay.wait_target(link)["state"])
        print(relay.wait_result(link))
        ssh.send_line("43")
        time.sleep(1); print(ssh.text())
finally:
    print(relay.complaints)
    print(house.journal()[-3000:])
    house.stop()
