#!/usr/bin/env python3
"""The calls of PyPI chatwoot-sdk against `afenda sandbox`: pypi.py ENV.json. Its pydantic types refuse enums, dates and nested objects
that are not Chatwoot's. Ids are found through the SDK, by the world's names. Left out is inboxes.agents.list: the SDK loses every answer
of it. Exits 1 on any failure."""
import json, sys
from chatwoot import ChatwootAuthError, ChatwootClient, ChatwootNotFoundError

with open(sys.argv[1]) as f:
    env = json.load(f)
chatwoot = ChatwootClient(base_url=env["base"], api_token=env["tokens"]["admin"])
calls = 0


def call(name, made, /, **wanted):
    """One call: it must succeed, and of its answer the attributes must be as wanted; of a list, those of each element."""
    global calls
    try:
        answer = made()
    except Exception as err:
        sys.exit(f"FAIL {name}: {type(err).__name__} {err}")
    for key, want in wanted.items():
        have = sorted(str(getattr(row, key)) for row in answer) if isinstance(answer, list) else getattr(answer, key)
        check(name, key, have, want)
    calls += 1
    return answer


def check(name, what, have, want):
    if have != want:
        sys.exit(f"FAIL {name}: {what} is {have!r}, want {want!r}")


def named(rows, name):
    return next(row for row in rows if row.name == name)


me = call("profile.get", lambda: chatwoot.profile.get(), email="ada@acme.test", role="administrator", confirmed=True)
account = {"account_id": me.account_id}
agents = call("agents.list", lambda: chatwoot.agents.list(**account), name=["Ada Admin", "Jo Agent", "Kim Agent", "Lee Loner"])
jo = named(agents, "Jo Agent")
inboxes = call("inboxes.list", lambda: chatwoot.inboxes.list(**account), channel_type=["Channel::Api", "Channel::Email", "Channel::WebWidget"])
inbox = named(inboxes, "Shop API")
call("inboxes.get", lambda: chatwoot.inboxes.get(**account, inbox_id=inbox.id), name="Shop API", channel_id=inbox.channel_id)
team = named(call("teams.list", lambda: chatwoot.teams.list(**account), name=["billing", "night shift"]), "billing")
call("teams.get", lambda: chatwoot.teams.get(**account, team_id=team.id), description="Invoices and refunds")
call("teams.agents.list", lambda: chatwoot.teams.agents.list(**account, team_id=team.id), name=["Jo Agent"])
contacts = call("contacts.list", lambda: chatwoot.contacts.list(**account), name=["Ann Buyer", "Bob Walker", "Cyd Silent"])
ann = call("contacts.search", lambda: chatwoot.contacts.search(**account, query="Ann"), email=["ann@example.com"])[0]
call("contacts.get", lambda: chatwoot.contacts.get(**account, contact_id=ann.id), identifier="crm-ann", blocked=False)
created = call("contacts.create", lambda: chatwoot.contacts.create(**account, inbox_id=inbox.id, name="Dee Visitor", email="dee@example.com"))
check("contacts.create", "email", created.contact.email, "dee@example.com")

source = ann.contact_inboxes[0].source_id
opened = call("conversations.create", lambda: chatwoot.conversations.create(**account, source_id=source, inbox_id=inbox.id),
              inbox_id=inbox.id, status="open", unread_count=0, can_reply=True)
at = {**account, "conversation_id": opened.id}
check("conversations.create", "sender", opened.meta.sender.id, ann.id)
call("conversations.list", lambda: chatwoot.conversations.list(**account, status="open"), id=[str(opened.id)])
call("conversations.list of another team", lambda: chatwoot.conversations.list(**account, team_id=team.id), id=[])
said = call("messages.create", lambda: chatwoot.messages.create(**at, content="olá"),
            content="olá", message_type=1, private=False, content_type="text")
check("messages.create", "sender", said.sender.id, me.id)
note = call("messages.create private", lambda: chatwoot.messages.create(**at, content="a note", private=True), content="a note", private=True)
listed = call("messages.list", lambda: chatwoot.messages.list(**at))
check("messages.list", "contents", [m.content for m in listed if m.message_type == 1], ["olá", "a note"])
call("conversations.update", lambda: chatwoot.conversations.update(**at, priority="high"), priority="high")
call("labels.add", lambda: chatwoot.conversations.labels.add(**at, labels=["vip"]))
check("labels.list", "labels", call("labels.list", lambda: chatwoot.conversations.labels.list(**at)), ["vip"])
call("toggle_status", lambda: chatwoot.conversations.toggle_status(**at, status="resolved"), success=True, current_status="resolved")
call("conversations.get", lambda: chatwoot.conversations.get(**at), status="resolved", labels=["vip"], priority="high")
check("get_counts", "all_count", call("get_counts", lambda: chatwoot.conversations.get_counts(**account))["meta"]["all_count"], 0)
call("contacts.conversations", lambda: chatwoot.contacts.conversations(**account, contact_id=ann.id), id=[str(opened.id)])

# And it is the sandbox that answers: who asks wrongly is refused.
for name, wrong, made in (
    ("a wrong token", ChatwootAuthError, lambda: ChatwootClient(base_url=env["base"], api_token="wrong").profile.get()),
    ("no such conversation", ChatwootNotFoundError, lambda: chatwoot.conversations.get(**account, conversation_id=opened.id + 999)),
):
    try:
        made()
    except wrong:
        continue
    sys.exit(f"FAIL {name} must be refused")
print(f"PyPI chatwoot-sdk: {calls} calls ok")
