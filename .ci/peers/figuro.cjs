// The calls of npm @figuro/chatwoot-sdk against `afenda sandbox`: figuro.cjs ENV.json. Ids are found through the SDK, by the world's names.
// The SDK has no profile.fetch and no conversations.meta (they are profile.profile and conversations.getMeta), and its team members have
// a path without /api/v1, which Chatwoot does not know either. Exits 1 on any failure.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const { default: Client } = require('@figuro/chatwoot-sdk');

const env = JSON.parse(fs.readFileSync(process.argv[2]));
const sdk = (token) => new Client({ config: { basePath: env.base, with_credentials: true, credentials: 'include', token } });
const chatwoot = sdk(env.tokens.admin);
let calls = 0;
// One call: it must succeed, and what it answers must pass the look.
async function call(name, made, look) {
  try {
    const answer = await made();
    try {
      look(answer);
    } catch (err) {
      err.message += `\nthe answer was ${JSON.stringify(answer)?.slice(0, 600)}`;
      throw err;
    }
    calls += 1;
    return answer;
  } catch (err) {
    console.error(`FAIL ${name}: ${err.status ?? ''} ${err.message} ${JSON.stringify(err.body ?? '').slice(0, 300)}`);
    process.exit(1);
  }
}
const named = (rows, name) => rows.find((row) => (row.name ?? row.title) === name);

(async () => {
  const me = await call('profile.profile', () => chatwoot.profile.profile(), (p) => {
    assert.equal(p.email, 'ada@acme.test');
    assert.equal(p.accounts[0].role, 'administrator');
    assert.equal(p.access_token, env.tokens.admin);
  });
  const accountId = me.account_id;
  const agents = await call('agents.list', () => chatwoot.agents.list({ accountId }), (rows) => {
    assert.deepEqual(rows.map((r) => r.email).sort(), ['ada@acme.test', 'jo@acme.test', 'kim@acme.test', 'lee@acme.test']);
  });
  const jo = agents.find((r) => r.email === 'jo@acme.test');
  const inboxes = await call('inboxes.list', () => chatwoot.inboxes.list({ accountId }), ({ payload }) => {
    assert.deepEqual(payload.map((r) => r.channel_type).sort(), ['Channel::Api', 'Channel::Email', 'Channel::WebWidget']);
  });
  const inbox = named(inboxes.payload, 'Shop API');
  const teams = await call('teams.list', () => chatwoot.teams.list({ accountId }), (rows) => {
    assert.equal(named(rows, 'billing').account_id, accountId);
  });
  await call('teams.get', () => chatwoot.teams.get({ accountId, teamId: named(teams, 'billing').id }), (team) => {
    assert.equal(team.description, 'Invoices and refunds');
  });
  await call('cannedResponses.list', () => chatwoot.cannedResponses.list({ accountId }), (rows) => {
    assert.deepEqual(rows.map((r) => r.short_code).sort(), ['hi', 'refund']);
  });
  // Without an address for webhooks the sandbox leaves the world's account webhook out.
  await call('webhooks.list', () => chatwoot.webhooks.list({ accountId }), ({ payload }) => assert.ok(Array.isArray(payload.webhooks)));
  const found = await call('contacts.search', () => chatwoot.contacts.search({ accountId, q: 'Ann' }), ({ payload, meta }) => {
    assert.deepEqual(payload.map((r) => r.email), ['ann@example.com']);
    assert.equal(meta.count, 1);
  });
  const ann = found.payload[0];
  await call('contacts.list', () => chatwoot.contacts.list({ accountId, sort: 'name' }), ({ payload }) => {
    assert.deepEqual(payload.map((r) => r.name), ['Ann Buyer', 'Bob Walker', 'Cyd Silent']);
  });
  await call('contacts.get', () => chatwoot.contacts.get({ accountId, id: ann.id }), ({ payload }) => assert.equal(payload.identifier, 'crm-ann'));

  const data = { source_id: ann.contact_inboxes[0].source_id, inbox_id: inbox.id };
  const opened = await call('conversations.create', () => chatwoot.conversations.create({ accountId, data }), (c) => {
    assert.equal(c.inbox_id, inbox.id);
    assert.equal(c.account_id, accountId);
    assert.equal(c.meta.sender.id, ann.id);
  });
  const at = { accountId, conversationId: opened.id };
  await call('conversations.list', () => chatwoot.conversations.list({ accountId, status: 'open' }), ({ data: { meta, payload } }) => {
    assert.deepEqual(payload.map((c) => c.id), [opened.id]);
    assert.equal(meta.all_count, 1);
  });
  await call('conversations.getMeta', () => chatwoot.conversations.getMeta({ accountId, status: 'open' }), ({ meta }) => {
    assert.deepEqual([meta.mine_count, meta.unassigned_count, meta.all_count], [0, 1, 1]);
  });
  await call('conversations.get', () => chatwoot.conversations.get(at), (c) => assert.equal(c.status, 'open'));
  const said = await call('messages.create', () => chatwoot.messages.create({ ...at, data: { content: 'olá' } }), (m) => {
    assert.deepEqual([m.content, m.message_type, m.private, m.conversation_id, m.sender.id], ['olá', 1, false, opened.id, me.id]);
  });
  const noted = { content: 'a note', private: true, message_type: 'outgoing' };
  const note = await call('messages.create private', () => chatwoot.messages.create({ ...at, data: noted }), (m) => {
    assert.deepEqual([m.content, m.private], ['a note', true]);
    assert.ok(m.id > said.id);
  });
  await call('messages.list', () => chatwoot.messages.list(at), ({ payload }) => {
    const spoken = payload.filter((m) => m.message_type === 1);
    assert.deepEqual(spoken.map((m) => m.id), [said.id, note.id]);
  });
  await call('messages.delete', () => chatwoot.messages.delete({ ...at, messageId: note.id }), (m) => {
    assert.equal(m.content_attributes.deleted, true);
  });
  await call('conversationLabels.add', () => chatwoot.conversationLabels.add({ ...at, data: { labels: ['vip', 'refund'] } }), ({ payload }) => {
    assert.deepEqual([...payload].sort(), ['refund', 'vip']);
  });
  await call('conversationLabels.list', () => chatwoot.conversationLabels.list(at), ({ payload }) => {
    assert.deepEqual([...payload].sort(), ['refund', 'vip']);
  });
  await call('conversationAssignment.assign', () => chatwoot.conversationAssignment.assign({ ...at, data: { assignee_id: jo.id } }), (a) => {
    assert.deepEqual([a.id, a.name], [jo.id, 'Jo Agent']);
  });
  await call('conversations.toggleStatus', () => chatwoot.conversations.toggleStatus({ ...at, data: { status: 'resolved' } }), ({ payload }) => {
    assert.deepEqual([payload.success, payload.current_status, payload.conversation_id], [true, 'resolved', opened.id]);
  });
  await call('conversations.get again', () => chatwoot.conversations.get(at), (c) => {
    assert.deepEqual([c.status, c.meta.assignee.id, [...c.labels].sort().join()], ['resolved', jo.id, 'refund,vip']);
  });

  // The customer's side: the public API, with the inbox's identifier instead of a token.
  const place = { inboxIdentifier: inbox.inbox_identifier };
  const cyd = await call('client.contacts.create', () => sdk('').client.contacts.create({ ...place, data: { name: 'Dee Visitor' } }), (c) => {
    assert.equal(c.name, 'Dee Visitor');
    assert.ok(c.source_id && c.pubsub_token);
  });
  const asking = { ...place, contactIdentifier: cyd.source_id };
  const asked = await call('client.conversations.create', () => sdk('').client.conversations.create(asking), (c) => assert.ok(c.id > opened.id));
  const question = { ...asking, conversationId: asked.id, data: { content: 'where is my parcel?' } };
  await call('client.messages.create', () => sdk('').client.messages.create(question), (m) => assert.equal(m.content, 'where is my parcel?'));
  await call('messages.list of the customer', () => chatwoot.messages.list({ accountId, conversationId: asked.id }), ({ payload }) => {
    assert.deepEqual(payload.filter((m) => m.message_type === 0).map((m) => m.content), ['where is my parcel?']);
  });

  // And it is the sandbox that answers: a stranger is refused.
  const refused = await sdk('wrong').agents.list({ accountId }).then(() => 0, (err) => err.status);
  assert.equal(refused, 401, 'a wrong token must be refused');
  console.log(`@figuro/chatwoot-sdk: ${calls} calls ok`);
})().catch((err) => {
  console.error(`FAIL ${err.stack ?? err}`);
  process.exit(1);
});
