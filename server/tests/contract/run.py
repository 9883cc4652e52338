#!/usr/bin/env python3
"""Asks a running Keyward everything that its OpenAPI document describes, with schemathesis, and
whether the answers are those of the document:  run.py PROGRAM [SEED]

| run | with | operations |
|---|---|---|
| key | a key with every scope, in `x-api-key` | all but those of the last six rows |
| narrowed | a key with narrowed scopes, as `Bearer` | those that take keys |
| password | a key as the password of `Basic` | forward auth |
| session | a person who is signed in | the same |
| links | the same, following links alone | keys, providers, and people |
| overlap | the same, with a key that was replaced | the end of its overlap |
| account | another person, with the right passwords and without | those that ask for what one person knows |
| sso | nothing, with an identity provider | the start of single sign-on |
| invitation | nothing, with a right token and without | those for who has a link |
| sign-in | nothing, with the right password and without | signing in |
| setup | nothing, then the token, on a server of its own | setup |

In the end every operation must have succeeded at least once (but `completeSso`, which leads to the
page in any case). The seed is fixed, so that what
failed once fails again.
"""

import base64
import collections
import hmac
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
SCHEMATHESIS = pathlib.Path(sys.executable).parent / "st"
ROOT_KEY = "q83vEjRWeJC6mHZUMhD+3LqYdlQyEP7ciXdWQzIQ/tw="
ADMIN = {"email": "ada@example.com", "password": "correct horse battery"}
SIGN_IN, SETUP = ["createSession"], ["getSetup", "completeSetup"]
INVITED = ["checkInvitation", "acceptInvitation"]
SSO = ["startSso"]
# They ask for the password of the person, and throttle who guesses.
ACCOUNT = ["enableTotp", "createRecoveryCodes", "disableTotp", "updatePassword", "endSession"]
OF_THEIR_OWN = SIGN_IN + SETUP[1:] + INVITED + SSO + ACCOUNT
SSO_RIGHT = {"returnTo": "/", "connect": False, "setupToken": None, "invitation": None}
IDENTITY_PROVIDER = HERE.parents[2] / "target" / "idp"
# What can succeed only after another; in a run of all operations, few links are followed.
LINKED = {
    "keys": ["createKey", "getKey", "rotateKey", "endKeyOverlap", "deleteKey"],
    "providers": ["setProvider", "setModel", "resolveCredential", "deleteModel", "deleteProvider"],
    "people": ["listUsers", "updateUser", "deleteUser", "createInvitation", "deleteInvitation"],
}
# Operations that lead to no other.
WITHOUT_LINKS = ["--phases", "examples,coverage,fuzzing"]
QUICK = ["--phases", "examples,fuzzing,stateful"]
STATEFUL = ["--phases", "stateful", "--mode", "positive"]
POSITIVE = ["--phases", "fuzzing", "--mode", "positive"]
# Longest line that is shown of what schemathesis says.
WIDTH = 1_000


def code(secret):
    """What an authenticator app shows now (RFC 6238)."""
    step = int(time.time() // 30).to_bytes(8, "big")
    digest = hmac.digest(base64.b32decode(secret), step, "sha1")
    start = digest[-1] & 15
    return f"{int.from_bytes(digest[start:start + 4], 'big') % 2**31 % 10**6:06}"


class IdentityProvider:
    """`oidc-provider`, as `make` installs it."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["node", "idp.mjs", "{}"], cwd=IDENTITY_PROVIDER, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )
        self.variables = {
            "KEYWARD_OIDC_ISSUER": self.process.stdout.readline().strip(),
            "KEYWARD_OIDC_CLIENT_ID": "keyward",
            "KEYWARD_OIDC_CLIENT_SECRET": "idp-client-secret",
        }

    def stop(self):
        self.process.kill()
        self.process.wait(30)


class Server:
    """Keyward on an empty SQLite database and a free port."""

    def __init__(self, program, folder, admin, more):
        variables = more | {
            "DATABASE_URL": f"sqlite://{folder}/keyward.db",
            "SECRETS_ENCRYPTION_KEY": ROOT_KEY,
            "KEYWARD_BIND": "127.0.0.1:0",
            "KEYWARD_BASIC": "on",
            "KEYWARD_TRUSTED_PROXIES": "127.0.0.1",
            "RUST_LOG": "warn",
        }
        if admin:
            variables["KEYWARD_ADMIN_EMAIL"] = ADMIN["email"]
            variables["KEYWARD_ADMIN_PASSWORD"] = ADMIN["password"]
        self.log = folder / "log"
        self.process = subprocess.Popen(
            [program, "serve"], env=variables, cwd=folder, text=True,
            stdout=subprocess.PIPE, stderr=self.log.open("w"),
        )
        line = self.process.stdout.readline()
        self.url = line.removeprefix("listening on ").strip()
        if not self.url.startswith("http://"):
            sys.exit(f"Keyward did not start: {line}{self.log.read_text()}")
        self.cookie = None

    def ask(self, method, path, body):
        headers = {"content-type": "application/json", "cookie": self.cookie or ""}
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), headers, method=method
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            cookies = answer.headers.get_all("set-cookie") or []
            for cookie in cookies:
                if "_session" in cookie:
                    self.cookie = cookie.split(";")[0]
            return json.load(answer)["data"]

    def session(self):
        """The value of the cookie of a new session."""
        self.ask("POST", "/api/session", ADMIN)
        return self.cookie.partition("=")[2]

    def person(self, email, password):
        """The cookies of two sessions of a new person, and the id of the second."""
        admin, token = self.cookie, self.invitation(email)
        self.ask("POST", "/api/invitation", {"token": token, "password": password})
        first = self.cookie.partition("=")[2]
        self.ask("POST", "/api/session", {"email": email, "password": password})
        second = next(one["id"] for one in self.ask("GET", "/api/sessions", None) if one["current"])
        self.cookie = admin
        return first, second

    def key(self, name, scopes):
        return self.ask("POST", "/api/keys", {"name": name, "scopes": scopes})["key"]

    def replaced_key(self, name):
        """The id of a key beside which the old one still works."""
        id = self.ask("POST", "/api/keys", {"name": name, "scopes": []})["id"]
        self.ask("POST", f"/api/keys/{id}/rotate", {"graceSeconds": 3600})
        return id

    def invitation(self, email):
        """The token of a new one."""
        invite = {"email": email, "role": "viewer"}
        return self.ask("POST", "/api/users/invitations", invite)["link"].partition("#token=")[2]

    def setup_token(self):
        return re.search(r"#token=([\w-]+)", self.log.read_text())[1]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


class Contract:
    """The runs, and what came of them."""

    def __init__(self, server, folder, seed, own):
        self.server, self.folder, self.seed, self.own = server, folder, seed, own
        self.seen = folder / "seen"
        self.failed = []

    def run(self, name, credentials, examples, *arguments, session="", right=None):
        config = self.folder / f"{name}.toml"
        auth = "".join(
            f"[auth.openapi.{scheme}]\n" + "".join(f'{k} = "{v}"\n' for k, v in fields.items())
            for scheme, fields in credentials.items()
        )
        base = (HERE / "schemathesis.toml").read_text()
        config.write_text(f'hooks = "{HERE}/hooks.py"\n{base}\n{auth}')
        command = [
            SCHEMATHESIS, "--config-file", config, "run", f"{self.server.url}/api/openapi.json",
            "--checks", "all", "--seed", str(self.seed), "--max-examples", str(examples),
            "--warnings", "off", *arguments,
        ]
        environment = os.environ | {
            "CONTRACT_SEEN": str(self.seen), "CONTRACT_URL": self.server.url,
            "CONTRACT_ADMIN": json.dumps(ADMIN), "CONTRACT_SESSION": session, "CONTRACT_OWN": self.own,
            "CONTRACT_RIGHT": json.dumps(right or {}), "COLUMNS": "100", "PYTHONHASHSEED": "0",
        }
        start = time.monotonic()
        done = subprocess.run(
            command, env=environment, cwd=self.folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        cases = re.search(r"(\d+) generated", done.stdout)
        seconds = time.monotonic() - start
        result = "no failure" if done.returncode == 0 else "FAILED"
        print(f"{name}: {cases[1] if cases else 0} requests, {seconds:.0f} s, {result}", flush=True)
        if done.returncode != 0:
            self.failed.append(name)
            for line in done.stdout.splitlines():
                print(line[:WIDTH])

    def operations(self):
        """Each with the credentials that it takes."""
        with urllib.request.urlopen(f"{self.server.url}/api/openapi.json") as answer:
            paths = json.load(answer)["paths"]
        return {
            operation["operationId"]: [next(iter(one)) for one in operation.get("security", [])]
            for item in paths.values() for operation in item.values()
        }

    def never_succeeded(self):
        answers = collections.defaultdict(collections.Counter)
        for line in self.seen.read_text().splitlines():
            operation, status = line.split()
            answers[operation][status] += 1
        # Single sign-on leads on.
        return [name for name in self.operations() if answers[name]["200"] + answers[name]["303"] == 0]


def account(contract, server):
    """One after the other as a person does them, then wrong in every way."""
    password, new, secret = "correct horse battery", "another horse battery", "KEYWARD2" * 4
    session, other = server.person("own@example.com", password)
    right = {
        "startSso": SSO_RIGHT | {"connect": True, "password": password},
        "endSession": {"id": other},
        "enableTotp": {"password": password, "secret": secret, "code": None},
        "createRecoveryCodes": {"password": password},
        "disableTotp": {"password": password},
        "updatePassword": {"current": password, "new": new},
    }
    credentials = {"session": {"api_key": session}}
    for name, values in right.items():
        if name == "enableTotp":
            values["code"] = code(secret)
        of_one = [*only([name]), *POSITIVE]
        contract.run(f"account {name}", credentials, 1, *of_one, session=session, right={name: values})
    contract.run("account", credentials, 4, *only(ACCOUNT), *WITHOUT_LINKS, session=session)


def only(operations):
    return [word for name in operations for word in ("--include-operation-id", name)]


def without(operations):
    return [word for name in operations for word in ("--exclude-operation-id", name)]


def main(program, seed):
    program = str(pathlib.Path(program).resolve())
    with tempfile.TemporaryDirectory() as root:
        folders = [pathlib.Path(root) / name for name in ("people", "empty", "runs")]
        for folder in folders:
            folder.mkdir()
        provider = IdentityProvider()
        server = Server(program, folders[0], True, provider.variables)
        empty = Server(program, folders[1], False, {})
        try:
            return check(server, empty, folders[2], seed)
        finally:
            for one in (server, empty, provider):
                one.stop()


def check(server, empty, folder, seed):
    session = server.session()
    own = server.ask("GET", "/api/session", None)["userId"]
    contract = Contract(server, folder, seed, own)
    every = ["secrets:read", "secrets:write", "providers:resolve", "keys:verify", "orders:write"]
    key = server.key("every scope", every)
    narrowed = server.key("narrowed", ["secrets:read:GITHUB_*", "providers:resolve:openai"])
    server.ask("POST", "/api/secrets", {"key": "GITHUB_TOKEN", "value": "v"})
    server.ask("PUT", "/api/providers/openai", {"value": "v"})
    # Whom links lead to: the first of the list.
    right = {name: {"token": server.invitation(f"a-{name}@example.com")} for name in INVITED}
    contract.run("invitation right", {}, 2, *only(INVITED), *POSITIVE, right=right)
    contract.run("invitation", {}, 6, *only(INVITED), *WITHOUT_LINKS)
    taking = contract.operations()
    of_keys = [name for name, schemes in taking.items() if "bearer" in schemes]
    of_passwords = [name for name, schemes in taking.items() if "basic" in schemes]

    contract.run("key", {"apiKey": {"api_key": key}}, 6, *without(OF_THEIR_OWN))
    contract.run("narrowed", {"bearer": {"bearer": narrowed}}, 4, *only(of_keys), *QUICK)
    basic = {"basic": {"username": "any", "password": key}}
    contract.run("password", basic, 2, *only(of_passwords), *WITHOUT_LINKS)
    # After those with keys, which it deletes.
    credentials = {"session": {"api_key": session}}
    contract.run("session", credentials, 8, *without(OF_THEIR_OWN), session=session)
    for name, linked in LINKED.items():
        contract.run(f"links of {name}", credentials, 40, *only(linked), *STATEFUL, session=session)
    of_one = [*only(["endKeyOverlap"]), *POSITIVE]
    right = {"endKeyOverlap": {"id": server.replaced_key("replaced")}}
    contract.run("overlap right", credentials, 1, *of_one, session=session, right=right)
    account(contract, server)
    contract.run("sso right", {}, 1, *only(SSO), *POSITIVE, right={"startSso": SSO_RIGHT})
    contract.run("sso", {}, 6, *only(SSO), *WITHOUT_LINKS)
    # Last on its server, so that an account that is throttled is no matter to the others.
    contract.run("sign-in right", {}, 2, *only(SIGN_IN), *POSITIVE, right={"createSession": ADMIN})
    contract.run("sign-in", {}, 10, *only(SIGN_IN), *WITHOUT_LINKS)
    contract.server = empty
    contract.run("setup", {}, 10, *only(SETUP), *WITHOUT_LINKS)
    right = {"completeSetup": {"token": empty.setup_token()}}
    contract.run("setup right", {}, 1, *only(SETUP), *POSITIVE, right=right)
    missing = contract.never_succeeded()
    if missing:
        print(f"without a success: {', '.join(missing)}")
    return 1 if contract.failed or missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1))
