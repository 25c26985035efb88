// The official Action Cable client on the sandbox's /cable: cable.cjs ENV.json. It runs unmodified; only a browser's globals are lent to
// it. Everything is awaited, nothing slept for, but for the silence on a bad token. Exits 1 on any failure.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const WebSocket = require('ws');

// The globals of a browser that the client asks for. What comes over its sockets is kept as well, for what the client does not tell.
const frames = [];
globalThis.WebSocket = class extends WebSocket {
  constructor(...where) {
    super(...where);
    this.on('message', (text) => frames.push(JSON.parse(text)));
  }
};
globalThis.addEventListener ??= () => {};
globalThis.removeEventListener ??= () => {};
globalThis.document ??= { visibilityState: 'visible', addEventListener() {}, removeEventListener() {} };
const { adapters, createConsumer } = require('@rails/actioncable');
adapters.WebSocket = globalThis.WebSocket;

const env = JSON.parse(fs.readFileSync(process.argv[2]));
// The client looks every 3 to 6 s whether its connection is stale, and comes back a little later.
const LIMIT_MS = 25_000;
// How long a bad token's silence is listened to. A good one is confirmed in milliseconds.
const SILENCE_MS = 2_000;

async function rest(who, method, path, body) {
  const headers = { api_access_token: env.tokens[who], 'content-type': 'application/json' };
  const answer = await fetch(env.base + path, { method, headers, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.json();
}
// A subscription whose callbacks are kept in order and can be waited for.
function subscribe(consumer, identifier) {
  const log = [];
  const waiting = new Set();
  const tell = (entry) => {
    log.push(entry);
    for (const look of [...waiting]) look();
  };
  const subscription = consumer.subscriptions.create(identifier, {
    connected: () => tell({ did: 'connected' }),
    disconnected: (how) => tell({ did: 'disconnected', ...how }),
    rejected: () => tell({ did: 'rejected' }),
    received: ({ event, data }) => tell({ did: 'received', event, data }),
  });
  // The first entry from position `from` on that fits.
  const until = (what, fits, from = 0) => new Promise((resolve, reject) => {
    const giveUp = () => reject(new Error(`waited in vain for ${what}; there came ${JSON.stringify(log.slice(from)).slice(0, 1500)}`));
    const timer = setTimeout(giveUp, LIMIT_MS);
    const look = () => {
      const entry = log.slice(from).find(fits);
      if (!entry) return;
      clearTimeout(timer);
      waiting.delete(look);
      resolve(entry);
    };
    waiting.add(look);
    look();
  });
  return { log, until, subscription };
}
const done = (text) => console.log(`ok   ${text}`);

(async () => {
  const url = `${env.base.replace(/^http/, 'ws')}/cable`;
  const me = await rest('agent', 'GET', '/api/v1/profile');
  const account = `/api/v1/accounts/${me.account_id}`;
  const identifier = { channel: 'RoomChannel', pubsub_token: me.pubsub_token, account_id: me.account_id, user_id: me.id };
  const inbox = (await rest('admin', 'GET', `${account}/inboxes`)).payload.find((i) => i.name === 'Shop API');
  const { payload: [ann] } = await rest('admin', 'GET', `${account}/contacts/search?q=Ann`);
  const source = ann.contact_inboxes.find((c) => c.inbox.id === inbox.id).source_id;

  const consumer = createConsumer(url);
  const live = subscribe(consumer, identifier);
  await live.until('the confirmation', (e) => e.did === 'connected');
  assert.equal(consumer.connection.getProtocol(), 'actioncable-v1-json');
  done('the subscription is confirmed, in Action Cable\'s protocol');

  // A wrong token, and the right token with another user's id: silence, neither confirmed nor rejected, though the connection lives.
  const deaf = createConsumer(url);
  const wrong = [{ ...identifier, pubsub_token: 'wrong' }, { ...identifier, user_id: me.id + 1 }, { ...identifier, channel: 'NoChannel' }];
  const silent = wrong.map((wanted) => subscribe(deaf, wanted));
  await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
  assert.ok(deaf.connection.isOpen(), 'the connection of a bad token stays open');

  // What is changed over REST is pushed.
  const heard = async (name, fits, from) => (await live.until(name, (e) => e.did === 'received' && e.event === name && fits(e.data), from)).data;
  const opened = await rest('admin', 'POST', `${account}/conversations`, { source_id: source, inbox_id: inbox.id });
  await heard('conversation.created', (c) => c.id === opened.id && c.account_id === me.account_id);
  const thread = `${account}/conversations/${opened.id}`;
  const speak = async (content, from) => {
    const said = await rest('admin', 'POST', `${thread}/messages`, { content });
    const pushed = await heard('message.created', (m) => m.id === said.id, from);
    assert.deepEqual([pushed.content, pushed.conversation_id, pushed.message_type, pushed.sender.type], [content, opened.id, 1, 'user']);
  };
  await speak('before the cut', 0);
  await rest('admin', 'POST', `${thread}/toggle_status`, { status: 'resolved' });
  await heard('conversation.status_changed', (c) => c.id === opened.id && c.status === 'resolved');
  done('changes made over REST arrive as frames');
  silent.forEach((s, n) => assert.deepEqual(s.log, [], `bad identifier ${n} got an answer`));
  deaf.disconnect();
  done('a bad token, user or channel gets no answer and no frame');

  let from = live.log.length;
  assert.ok(live.subscription.perform('update_presence'));
  const presence = await heard('presence.update', () => true, from);
  assert.equal(presence.users[me.id], 'online');
  done('update_presence is answered with who is there');

  // The sandbox cuts all sockets: first without a word, then with a disconnect frame first.
  for (const how of [{}, { reason: 'server_restart' }]) {
    from = live.log.length;
    frames.length = 0;
    assert.ok((await rest('admin', 'POST', '/sandbox/cable/drop', how)).dropped >= 1);
    const end = await live.until('the end of the connection', (e) => e.did === 'disconnected', from);
    assert.equal(end.willAttemptReconnect, true);
    const goodbyes = frames.filter((f) => f.type === 'disconnect');
    assert.deepEqual(goodbyes, how.reason ? [{ type: 'disconnect', reason: how.reason, reconnect: true }] : []);
    await live.until('the second confirmation', (e) => e.did === 'connected', from);
    await speak(`after the cut (${how.reason ?? 'no reason'})`, from);
    done(`back after the cut (${how.reason ?? 'no reason'}), and frames arrive`);
  }
  assert.ok(live.log.every((e) => e.did !== 'rejected'));
  consumer.disconnect();
  console.log('@rails/actioncable lives on the sandbox');
  process.exit(0);
})().catch((err) => {
  console.error(`FAIL ${err.stack ?? err}`);
  process.exit(1);
});
