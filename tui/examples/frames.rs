//! How long a key takes to its frame, and how many bytes a frame costs: 100,000 conversations in the list, 5,000 messages in the thread.
//!
//! Everything between the key and the terminal's bytes is real; the daemon's answers are made here. `bench/frames` runs it and checks the limits.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use api::id::ConversationId;
use api::page::Page;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::backend::CrosstermBackend;
use ratatui::{Terminal, TerminalOptions, Viewport};
use serde_json::{Value, json};
use tui::event::{Answer, Effect, Event};
use tui::{Background, Depth, Sparing, State, Theme, update, view};

const CONVERSATIONS: i64 = 100_000;
const MESSAGES: i64 = 5_000;
/// The API's largest page.
const PAGE: i64 = 200;

type Failed = Box<dyn std::error::Error>;

/// A terminal that counts.
struct Counter(Rc<Cell<usize>>);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.set(self.0.get() + bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Bench {
    state: State,
    screen: Terminal<Sparing<CrosstermBackend<Counter>>>,
    bytes: Rc<Cell<usize>>,
    theme: Theme,
}

fn at(seconds: i64) -> Result<Timestamp, Failed> {
    Ok(Timestamp::from_second(1_800_000_000 + seconds)?)
}

fn conversation(id: i64) -> Result<api::inbox::ConversationView, Failed> {
    let words =
        ["The parcel is late", "Could you change the address?", "请问什么时候发货？", "Danke, das hat geholfen 🎉", "Refund 240 €, please"];
    let text = words.get(usize::try_from(id % 5)?).copied().unwrap_or_default();
    Ok(serde_json::from_value(json!({
        "id": id, "status": "open", "priority": if id % 7 == 0 { json!("high") } else { Value::Null },
        "inbox": {"id": 1, "name": "Shop API", "channel": "Api"},
        "contact": {"id": id, "name": format!("Customer {id}"), "email": format!("c{id}@example.com"), "phone_number": null, "identifier": null, "blocked": false},
        "assignee": {"id": 1, "name": "Jo Agent"}, "team": null, "labels": if id % 3 == 0 { json!(["vip", "refund"]) } else { json!([]) },
        "unread_count": id % 4, "can_reply": true, "snippet": {"text": text, "message_type": "incoming", "private": false},
        "waiting_since": at(id)?.to_string(), "snoozed_until": null, "created_at": at(id)?.to_string(), "last_activity_at": at(id)?.to_string(),
        "additional_attributes": {}, "custom_attributes": {}, "approvals": [], "pending": [], "url": "https://chat.example.com/1",
        "as_of": at(200_000)?.to_string(), "source": "store",
    }))?)
}

fn message(id: i64) -> Result<api::inbox::MessageView, Failed> {
    let text = format!("Message {id}: the quick brown fox jumps over the lazy dog, twice, because the first time nobody looked. 李小龙 🎉");
    Ok(serde_json::from_value(json!({
        "id": id, "outbox_id": null, "conversation_id": 1, "message_type": if id % 3 == 0 { "outgoing" } else { "incoming" }, "private": id % 9 == 0,
        "content": text, "content_type": "text", "state": "sent", "error": null, "sender": {"id": 1, "kind": "contact", "name": "Customer 1"},
        "attachments": [], "deleted": false, "in_reply_to": null, "created_at": at(id * 60)?.to_string(), "sends_at": null,
    }))?)
}

fn page<T: serde::de::DeserializeOwned>(data: Vec<T>, total: i64, next: Option<String>) -> Result<Page<T>, Failed> {
    let mut page: Page<T> = serde_json::from_value(json!({"data": [], "meta": {"total": total, "limit": PAGE, "next_cursor": next}}))?;
    page.data = data;
    Ok(page)
}

impl Bench {
    fn new(width: u16, height: u16) -> Result<Self, Failed> {
        let state = State::new(at(200_000)?, TimeZone::UTC, (width, height), "bench");
        let area = ratatui::layout::Rect::new(0, 0, width, height);
        let bytes = Rc::new(Cell::new(0));
        let screen = Sparing::new(CrosstermBackend::new(Counter(Rc::clone(&bytes))));
        let screen = Terminal::with_options(screen, TerminalOptions { viewport: Viewport::Fixed(area) })?;
        Ok(Self { state, screen, bytes, theme: Theme::new(Depth::True, Background::Dark) })
    }

    /// The daemon answers; returns what is asked next.
    fn answer(&mut self, answer: Answer) -> Vec<Effect> {
        update(&mut self.state, Event::Answer(Box::new(answer)))
    }

    /// Draws; returns the bytes that the terminal gets.
    fn draw(&mut self) -> Result<usize, Failed> {
        let Self { state, screen, bytes, theme } = self;
        bytes.set(0);
        screen.draw(|frame| view(state, theme, frame))?;
        Ok(bytes.get())
    }

    /// A key and its frame: time and bytes.
    fn key(&mut self, key: KeyEvent) -> Result<(Duration, usize), Failed> {
        let began = Instant::now();
        update(&mut self.state, Event::Key(key));
        let bytes = self.draw()?;
        Ok((began.elapsed(), bytes))
    }

    fn fill(&mut self) -> Result<(), Failed> {
        self.answer(Answer::Me(Ok(serde_json::from_value(json!({
            "user": "jo", "name": "Jo", "role": "member", "hold_seconds": 5, "agent": {"id": 1, "name": "Jo Agent", "own_token": true},
            "tenant": {"id": "00000000-0000-7000-8000-000000000001", "slug": "a", "name": "A", "role": "member", "default": true},
        }))?)));
        let generation = self.state.list.generation;
        let mut from = 0;
        while from < CONVERSATIONS {
            let to = from + PAGE;
            let rows = (from..to).map(conversation).collect::<Result<Vec<_>, _>>()?;
            let result = page(rows, CONVERSATIONS, (to < CONVERSATIONS).then(|| to.to_string()))?;
            self.answer(Answer::List { generation, more: from > 0, result: Ok(result) });
            from = to;
        }
        if self.state.list.rows.len() != usize::try_from(CONVERSATIONS)? {
            return Err(format!("{} rows", self.state.list.rows.len()).into());
        }
        Ok(())
    }

    fn thread(&mut self) -> Result<(), Failed> {
        let id = ConversationId(1);
        let mut to = MESSAGES;
        while to > 0 {
            let from = (to - 50).max(0);
            let rows = (from..to).map(|n| message(n + 1)).collect::<Result<Vec<_>, _>>()?;
            let result = page(rows, MESSAGES, (from > 0).then(|| from.to_string()))?;
            self.answer(Answer::Messages { id, older: to < MESSAGES, result: Ok(result) });
            to = from;
        }
        Ok(())
    }
}

fn told(what: &str, mut times: Vec<(Duration, usize)>) {
    times.sort();
    let nth = |part: usize| times.get(times.len() * part / 100).map_or(0.0, |(time, _)| time.as_secs_f64() * 1000.0);
    let most = times.iter().map(|(_, bytes)| *bytes).max().unwrap_or_default();
    println!("{what} p50 {:.3} p99 {:.3} bytes {most}", nth(50), nth(99));
}

fn main() -> Result<(), Failed> {
    let key = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
    let mut bench = Bench::new(80, 24)?;
    let bytes = bench.draw()?;
    println!("empty bytes {bytes}");
    bench.fill()?;
    bench.draw()?;
    let run = |bench: &mut Bench, c, count| (0..count).map(|_| bench.key(key(c))).collect::<Result<Vec<_>, _>>();
    let down = run(&mut bench, 'j', 2_000)?;
    told("list_down", down);
    let up = run(&mut bench, 'k', 2_000)?;
    told("list_up", up);
    // The farthest row, and a change of one in the middle while the list may sort itself.
    let ends = (0..200).map(|n| bench.key(key(if n % 2 == 0 { 'G' } else { 'j' }))).collect::<Result<Vec<_>, _>>()?;
    told("list_end", ends);
    bench.state.calm = false;
    let mut moved = Vec::new();
    for n in 0..500 {
        let mut view = conversation((n * 197) % CONVERSATIONS)?;
        view.waiting_since = Some(at(n * 31 % CONVERSATIONS)?);
        let began = Instant::now();
        bench.answer(Answer::Conversation(view.id, Ok(view)));
        let bytes = bench.draw()?;
        moved.push((began.elapsed(), bytes));
    }
    told("list_changed", moved);
    bench.state.calm = true;
    bench.state.list.cursor = Some(ConversationId(1));
    bench.draw()?;
    update(&mut bench.state, Event::Key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)));
    bench.thread()?;
    let bytes = bench.draw()?;
    println!("thread_opened bytes {bytes}");
    let scrolled = run(&mut bench, 'k', 1_000)?;
    told("thread_up", scrolled);
    let top = bench.key(KeyEvent::new(KeyCode::Home, KeyModifiers::NONE))?;
    told("thread_top", vec![top]);
    bench.key(KeyEvent::new(KeyCode::End, KeyModifiers::NONE))?;
    bench.key(key('p'))?;
    let typed = run(&mut bench, 'x', 1_000)?;
    told("composer_typed", typed);
    // Ten minutes in which nothing happens: the clock ticks, four times a second.
    bench.key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE))?;
    let mut idle = 0;
    for tick in 0..2_400_i64 {
        let now = bench.state.now + jiff::SignedDuration::from_millis(250);
        update(&mut bench.state, Event::Tick(now));
        let bytes = bench.draw()?;
        idle += if tick < 80 { 0 } else { bytes }; // The toast of the draft goes first.
    }
    println!("idle bytes {idle}");
    Ok(())
}
