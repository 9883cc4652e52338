"""What schemathesis cannot read out of the document, and checks of our own."""

import base64
import datetime
import ipaddress
import json
import os
import re
import uuid

import requests
import schemathesis
from hypothesis import strategies as st

FUTURE = "2099-12-31T23:59:59Z"
# Where the operation and the status of each answer are noted.
SEEN = os.environ["CONTRACT_SEEN"]
# Who asks.
OWN = os.environ["CONTRACT_OWN"]
ADDRESSES = ipaddress.ip_network("198.18.0.0/15").hosts()
# What is put into the body of an operation, so that it is right.
RIGHT = json.loads(os.environ.get("CONTRACT_RIGHT", "{}"))
LISTS = ("listKeys", "listSecrets", "listProviders", "listUsers", "listInvitations", "listSessions")

# Formats of the document: text in one line, as a person writes it, addresses and networks.
# Letters of Latin: others may be invisible, or become two in normalisation form C.
LETTERS = st.characters(categories=["Lu", "Ll", "Nd"], max_codepoint=0x24F)
WORD = st.text(LETTERS, min_size=1, max_size=20)
ADDRESS = st.ip_addresses()


def network(address, bits):
    return f"{address}/{min(bits, address.max_prefixlen)}"


schemathesis.openapi.format("line", st.lists(WORD, min_size=1, max_size=3).map(" ".join))
schemathesis.openapi.format("ip", ADDRESS.map(str))
schemathesis.openapi.format("network", st.builds(network, ADDRESS, st.integers(0, 128)))
schemathesis.openapi.format("etag", st.uuids().map(lambda tag: f'"{tag}"') | st.just("*"))


def is_past(value):
    try:
        time = datetime.datetime.fromisoformat(value)
        return time < datetime.datetime.now(time.tzinfo)
    except (TypeError, ValueError):
        return False


def fits(cursor, name, sort):
    """Whether an answer to the same list could have given out the cursor."""
    try:
        position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        return False
    if name == "listKeys":
        return isinstance(position, list) and position[:1] == [sort]
    return isinstance(position, list if name == "listSessions" else str)


def to_cursor(name, sort):
    place = ["" if sort == "name" else 0, ""]
    position = {"listKeys": [sort, place], "listSessions": [0, ""]}.get(name, "A")
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def whole(value):
    """JSON Schema takes 60.0 for an integer; Keyward does not."""
    if isinstance(value, dict):
        return {name: whole(member) for name, member in value.items()}
    if isinstance(value, list):
        return [whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def is_address(value):
    try:
        return bool(ipaddress.ip_address(value))
    except ValueError:
        return False


def new_session():
    url, admin = os.environ["CONTRACT_URL"], json.loads(os.environ["CONTRACT_ADMIN"])
    answer = requests.post(f"{url}/api/session", json=admin, timeout=20)
    if answer.status_code != 200:
        raise AssertionError(f"no session: {answer.status_code} {answer.text}")
    return next(value for name, value in answer.cookies.items() if "_session" in name)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Replaces what fits the document and still cannot be right: an expiry in the past, and a
    cursor that no answer gave out."""
    name = case.operation.definition.raw.get("operationId")
    if isinstance(case.body, dict):
        case.body = whole(case.body)
        if is_past(case.body.get("expiresAt")):
            case.body["expiresAt"] = FUTURE
        case.body.update(RIGHT.get(name, {}))
        address = case.body.get("address")
        is_valid = case.meta is None or case.meta.generation.mode.is_positive
        # A value of another property may take the place of one with a format.
        if name == "verifyKey" and is_valid and isinstance(address, str) and not is_address(address):
            case.body["address"] = "192.0.2.1"
    elif name in RIGHT:
        case.path_parameters.update(RIGHT[name])
    query = case.query or {}
    cursor, sort = query.get("cursor"), query.get("sort", "createdAt")
    is_text = isinstance(cursor, str) and re.fullmatch("[A-Za-z0-9_-]{1,4096}", cursor)
    if name in LISTS and is_text and not fits(cursor, name, sort):
        query["cursor"] = to_cursor(name, sort)
    if name in ("updateUser", "deleteUser") and case.path_parameters.get("id") == OWN:
        # Another one is an administrator by now, and this one asks.
        case.path_parameters["id"] = str(uuid.uuid4())
    if name == "deleteSession" and case.method == "DELETE":
        # It ends a session that nothing else needs.
        of_run = os.environ["CONTRACT_SESSION"]
        theirs = [name for name, value in case.cookies.items() if value and value == of_run]
        if theirs:
            case.cookies.update(dict.fromkeys(theirs, new_session()))
    # Each from an address of its own, so that wrong attempts are not throttled.
    case.headers["X-Forwarded-For"] = str(next(ADDRESSES))


@schemathesis.hook
def after_call(context, case, response):
    name = case.operation.definition.raw.get("operationId")
    with open(SEEN, "a", encoding="utf-8") as seen:
        seen.write(f"{name} {response.status_code}\n")


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """A key that was just made has no old key beside it."""
    is_overlap = case.operation.definition.raw.get("operationId") == "endKeyOverlap"
    return not (is_overlap and type(failure).__name__ == "EnsureResourceAvailability")


@schemathesis.check
def status_is_named(ctx, response, case):
    """`4XX` and `5XX` are for what any server may answer, such as 405."""
    named = case.operation.definition.raw["responses"]
    if str(response.status_code) not in named and response.status_code != 405:
        raise AssertionError(f"{response.status_code} is not named: {response.text[:500]}")


@schemathesis.check
def is_not_stored(ctx, response, case):
    if case.path.startswith("/api/") and response.headers.get("cache-control") != ["no-store"]:
        raise AssertionError("no Cache-Control: no-store")
