//! A real pseudo-terminal (util-linux's `script` makes it) with the program on it.

use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::harness::{Home, until};
use crate::terminal::copied;

/// Rows and columns of the terminal.
const SIZE: (NonZeroU16, NonZeroU16) = (NonZeroU16::new(30).unwrap(), NonZeroU16::new(100).unwrap());

/// What was written, and the screen that a terminal makes of it.
struct Written {
    raw: Vec<u8>,
    terminal: vt100::Parser,
}

/// A program on it; what it wrote so far.
pub(crate) struct Pty {
    home: Arc<Home>,
    child: Child,
    keys: ChildStdin,
    written: Arc<Mutex<Written>>,
}

impl Pty {
    /// The demo's.
    pub(crate) fn start() -> Self {
        Self::of(&Arc::new(Home::new()), "demo")
    }

    pub(crate) fn of(home: &Arc<Home>, args: &str) -> Self {
        Self::sized(home, args, SIZE)
    }

    pub(crate) fn sized(home: &Arc<Home>, args: &str, size: (NonZeroU16, NonZeroU16)) -> Self {
        Self::start_with(home, args, size, &[])
    }

    /// With more in its environment.
    pub(crate) fn with(home: &Arc<Home>, args: &str, env: &[(&str, &str)]) -> Self {
        Self::start_with(home, args, SIZE, env)
    }

    fn start_with(home: &Arc<Home>, args: &str, size: (NonZeroU16, NonZeroU16), env: &[(&str, &str)]) -> Self {
        let home = Arc::clone(home);
        let run = format!(
            "cd '{}'; stty rows {} cols {}; stty -a >before; sh -c 'echo $$ >pid; exec {} {args}'; code=$?; stty -a >after; exit $code",
            home.path().display(),
            size.0,
            size.1,
            env!("CARGO_BIN_EXE_afenda")
        );
        let mut command = Command::new("script");
        command.args(["-qefc", &run, "/dev/null"]).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home.path()).env("TZ", "UTC");
        command.env("TMPDIR", home.path()).env("AFENDA_DATA_DIR", home.path()).env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8");
        command.envs(env.iter().copied());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (keys, mut out) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let written = Arc::new(Mutex::new(Written { raw: Vec::new(), terminal: vt100::Parser::new(size.0, size.1, 0) }));
        let sink = Arc::clone(&written);
        std::thread::spawn(move || {
            let mut chunk = [0; 1 << 16];
            while let Ok(length @ 1..) = out.read(&mut chunk) {
                let mut written = sink.lock().unwrap();
                written.raw.extend_from_slice(&chunk[..length]);
                written.terminal.process(&chunk[..length]);
            }
        });
        Self { home, child, keys, written }
    }

    pub(crate) fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// All that was written, as text; what is no UTF-8 becomes U+FFFD.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().unwrap().raw).into_owned()
    }

    /// Waits until it stands on the screen, whichever frames put it there.
    #[track_caller]
    pub(crate) fn shows(&self, what: &str) {
        until(what, || self.written.lock().unwrap().terminal.screen().contents().contains(what).then_some(()));
    }

    /// Waits until it is on the screen no more.
    #[track_caller]
    pub(crate) fn hides(&self, what: &str) {
        until(what, || (!self.written.lock().unwrap().terminal.screen().contents().contains(what)).then_some(()));
    }

    /// Waits until so many texts were put in the clipboard; the last one.
    #[track_caller]
    pub(crate) fn copies(&self, count: usize) -> String {
        until("the copy", || copied(&self.raw()).into_iter().nth(count - 1))
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = std::fs::read_to_string(self.home.path().join("pid")).unwrap();
        assert!(Command::new("kill").args(["-s", name, pid.trim()]).status().unwrap().success());
    }

    /// Waits for the end: the exit code and all that was written.
    pub(crate) fn ends(&mut self) -> (i32, String) {
        let status = until("the end", || self.child.try_wait().unwrap());
        // The reader has everything once the last thing is there: the cursor is shown again.
        until("the last bytes", || self.raw().rfind("\x1b[?25h"));
        (status.code().unwrap_or(-1), self.raw())
    }

    /// The end of what told an error at last.
    pub(crate) fn ends_badly(&mut self) -> (i32, String) {
        let status = until("the end", || self.child.try_wait().unwrap());
        until("what was said", || self.raw().find("error: "));
        (status.code().unwrap_or(-1), self.raw())
    }

    /// Waits for the end of what keeps the screen: the exit code.
    pub(crate) fn code(&mut self) -> i32 {
        until("the end", || self.child.try_wait().unwrap()).code().unwrap_or(-1)
    }

    #[track_caller]
    pub(crate) fn restored(&self, raw: &str) {
        let last = |what: &str| raw.rfind(what).unwrap_or_else(|| panic!("{what:?} was never written"));
        for mode in ["1049", "2004", "1004"] {
            assert!(last(&format!("\x1b[?{mode}h")) < last(&format!("\x1b[?{mode}l")), "mode {mode} is still on");
        }
        assert!(last("\x1b[>1u") < last("\x1b[<1u"), "the keyboard's flags are still on");
        assert!(raw.rfind("\x1b[?25l") < Some(last("\x1b[?25h")), "the cursor is still hidden");
        let [before, after] = ["before", "after"].map(|name| std::fs::read_to_string(self.home.path().join(name)).unwrap());
        assert!(before.contains(" icanon"), "{before}");
        assert_eq!(before, after, "the line's settings");
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
