"""What the scripts of this folder share: a large made-up account, copied by a real daemon and kept for the next run; processes that end with
the script; the inbox on a pseudo-terminal."""

import atexit, fcntl, json, os, pty, re, select, shutil, signal, socket, struct, subprocess, sys, termios, time, urllib.error, urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
AFENDA = os.path.realpath(os.environ.get("AFENDA", os.path.join(ROOT, "target/release/afenda")))
# 100,000 conversations of 50,000 contacts, a million messages of a language of 20,000 words.
LARGE = os.environ.get("AFENDA_BENCH_WORLD", "100000x10x20000")
LONG = int(os.environ.get("AFENDA_BENCH_LONG", 5_000))  # Messages of the one long thread.
COPY_LIMIT_S = 3_600  # A first copy that takes longer is stuck.

_running = []


def _end():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for process in reversed(_running):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


atexit.register(_end)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def start(args, env, log):
    """A process that ends with this script."""
    process = subprocess.Popen(args, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    _running.append(process)
    return process


def end(process):
    process.send_signal(signal.SIGTERM)
    process.wait(60)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def environment(data, **more):
    """Nothing of the caller's own afenda."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("AFENDA_", "CHATWOOT_", "SSH_", "TMUX", "CLICOLOR"))}
    for name in ("NO_COLOR", "COLORTERM", "COLORFGBG", "TERM_PROGRAM"):
        env.pop(name, None)
    env.update(AFENDA_DATA_DIR=data, AFENDA_CONFIG_DIR=data, TERM="xterm-256color", LC_ALL="C.UTF-8", TZ="UTC", **more)
    return env


def ask(base, path, token, body=None, method=None, scheme="Bearer"):
    """One call; the answer as JSON."""
    headers = {"authorization": f"{scheme} {token}"} if scheme else {"api_access_token": token}
    data = None if body is None else json.dumps(body).encode()
    if data:
        headers["content-type"] = "application/json"
    request = urllib.request.Request(base + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def awaited(what, limit_s, look):
    """Waits for a value."""
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    sys.exit(f"waited {limit_s} s for {what}")


def sandbox(work, generate):
    """A stand-in Chatwoot: process, address, tokens."""
    out = os.path.join(work, "env.json")
    if os.path.exists(out):
        os.remove(out)
    process = start([AFENDA, "sandbox", "--generate", generate, "--env-out", out], environment(work), subprocess.DEVNULL)

    def written():
        if process.poll() is not None:
            sys.exit("the sandbox ended")
        try:
            return json.load(open(out))
        except (FileNotFoundError, ValueError):
            return None

    found = awaited("the sandbox", 300, written)
    return process, found["base"], found["tokens"]


class Daemon:
    """A real daemon on a data folder; `chatwoot`: address and token, or nobody there."""

    def __init__(self, data, chatwoot=None):
        self.data, self.port = data, free_port()
        base, token = chatwoot or ("http://127.0.0.1:9", "nobody")
        env = environment(data, CHATWOOT_API_URL=base, CHATWOOT_ACCOUNT_ID="1", CHATWOOT_API_TOKEN=token)
        self.log = open(os.path.join(data, "daemon.log"), "wb")
        self.process = start([AFENDA, "daemon", "--listen", f"127.0.0.1:{self.port}"], env, self.log)
        self.base = f"http://127.0.0.1:{self.port}/api/v1"
        self.env = env
        self.token = awaited("the daemon", 120, self._up)

    def _up(self):
        if self.process.poll() is not None:
            sys.exit("the daemon ended: " + open(self.log.name, errors="replace").read()[-2000:])
        try:
            profile = json.load(open(os.path.join(self.data, "profiles/default.json")))
            if not profile["url"].endswith(f":{self.port}"):
                return None
            ask(self.base, "/status", profile["token"])
            return profile["token"]
        except (FileNotFoundError, ValueError, urllib.error.URLError, OSError):
            return None

    def ask(self, path, **more):
        return ask(self.base, path, self.token, **more)

    def acts_as(self, user):
        """From here on speaks for a user of `config.toml`."""
        made = subprocess.run([AFENDA, "daemon", "token", user], env=self.env, capture_output=True, text=True, check=True)
        self.token = made.stdout.strip()
        profile = os.path.join(self.data, "profiles/default.json")
        known = json.load(open(profile))
        with open(os.open(profile, os.O_WRONLY | os.O_TRUNC, 0o600), "w") as out:
            json.dump({**known, "user": user, "token": self.token}, out)

    def worked(self):
        """Processor time so far, ms."""
        fields = open(f"/proc/{self.process.pid}/stat").read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    def copied(self):
        return self.ask("/sync")["data"]["first_copy"]["done"]

    def end(self):
        end(self.process)


def shop_with_approvals(work, pending):
    """A daemon with a small account, and approvals that wait for the user of its profile."""
    _, base, tokens = sandbox(work, "20x2x500")
    data = os.path.join(work, "data")
    os.makedirs(data, mode=0o700)
    with open(os.path.join(data, "config.toml"), "w") as out:
        for name, role in (("jo", "member"), ("ada", "approver")):
            out.write(f'[[users]]\nname = "{name}"\ndisplay_name = "{name.title()}"\nrole = "{role}"\n')
    daemon = Daemon(data, (base, tokens["sync"]))
    awaited("the first copy", 60, daemon.copied)
    daemon.acts_as("jo")
    for n in range(pending):
        title, body = f"Refund {n} € for parcel {n}", "The courier has no signature, the customer waits since Monday."
        subprocess.run([AFENDA, "approvals", "request", "-t", title, "-b", body, "--amount", f"{n + 1}.00 EUR"], env=daemon.env, check=True, stdout=subprocess.DEVNULL)
    daemon.acts_as("ada")
    return daemon


VIEWS = {
    "open, mine or nobody's, of a label": [
        {"attribute_key": "status", "filter_operator": "equal_to", "values": ["open"], "query_operator": "and"},
        {"attribute_key": "labels", "filter_operator": "equal_to", "values": ["shipping"], "query_operator": "and"},
        {"attribute_key": "inbox_id", "filter_operator": "is_present", "values": [], "query_operator": None},
    ],
    "recent or without an agent": [
        {"attribute_key": "created_at", "filter_operator": "is_greater_than", "values": ["2026-11-01"], "query_operator": "or"},
        {"attribute_key": "assignee_id", "filter_operator": "is_not_present", "values": [], "query_operator": None},
    ],
}


def large_store():
    """The data folder of a daemon that copied the large account: made once (some minutes), then kept below `target/`."""
    keep = os.path.join(ROOT, "target/bench", LARGE)
    told = os.path.join(keep, "done.json")
    if os.path.exists(told):
        return keep
    shutil.rmtree(keep, ignore_errors=True)
    os.makedirs(keep, mode=0o700)
    began = time.monotonic()
    print(f"makes the account {LARGE} and copies it, into target/bench (once)", flush=True)
    shop, base, tokens = sandbox(keep, LARGE)
    account = "/api/v1/accounts/1"
    first = ask(base, account + "/conversations?status=open&page=1", tokens["sync"], scheme=None)["data"]["payload"][0]["id"]
    listed = ask(base, account + "/conversations?status=all&sort_by=created_at_asc&page=1", tokens["sync"], scheme=None)
    lowest = min(row["id"] for row in listed["data"]["payload"])
    # One thread is long, as one that runs for years. Chatwoot takes 200 messages a minute there: the sandbox's clock is moved along.
    more = LONG - int(LARGE.split("x")[1])
    for n in range(more):
        if n % 150 == 0:
            ask(base, "/sandbox/clock", tokens["agent"], {"offset_s": -61 * ((more - n) // 150)}, scheme=None)
        text = f"Message {n} of the long thread: the kettle, the grinder and the parcel, once more, in a line or two of words. 李小龙 🎉"
        ask(base, f"{account}/conversations/{first}/messages", tokens["agent"], {"content": text, "private": n % 9 == 0}, scheme=None)
    ask(base, "/sandbox/clock", tokens["agent"], {"offset_s": 0}, scheme=None)
    for name, payload in VIEWS.items():
        body = {"name": name, "type": "conversation", "query": {"payload": payload}}
        ask(base, account + "/custom_filters", tokens["agent"], body, scheme=None)
    email = ask(base, "/api/v1/profile", tokens["agent"], scheme=None)["email"]
    with open(os.open(os.path.join(keep, "agent.token"), os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
        out.write(tokens["agent"])
    with open(os.path.join(keep, "config.toml"), "w") as out:
        out.write(f'[[users]]\nname = "agent"\ndisplay_name = "Agent"\nrole = "member"\nchatwoot_email = "{email}"\nchatwoot_token_file = "agent.token"\n')
    daemon = Daemon(keep, (base, tokens["sync"]))
    awaited("the first copy", COPY_LIMIT_S, daemon.copied)
    daemon.acts_as("agent")
    views = [view["id"] for view in daemon.ask("/custom-filters")["data"]]
    if len(views) != len(VIEWS):
        sys.exit(f"of {len(VIEWS)} saved views the daemon has {len(views)}")
    view = daemon.ask("/sync")["data"]["first_copy"]
    daemon.end()
    end(shop)
    facts = {"long": first, "lowest": lowest, "views": views, "conversations": view["conversations"], "messages": view["messages"], "took_s": round(time.monotonic() - began)}
    json.dump(facts, open(told, "w"))
    print("copied:", facts, flush=True)
    return keep


def facts(keep):
    return json.load(open(os.path.join(keep, "done.json")))


SEQUENCE = re.compile(rb"\x1b\[[0-9;?<>=:]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]")


class Terminal:
    """A program on a pseudo-terminal of its own."""

    def __init__(self, args, env, width=80, height=24):
        self.raw = bytearray()
        self.began = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
                os.execve(args[0], args, env)
            finally:
                os._exit(127)
        os.set_blocking(self.fd, False)
        self.over = False

    def read(self, limit_s):
        """Takes in what comes within the time; whether anything did."""
        if self.over or not select.select([self.fd], [], [], max(0, limit_s))[0]:
            return False
        try:
            piece = os.read(self.fd, 1 << 16)
        except BlockingIOError:
            return False
        except OSError:  # The other side is closed: how Linux tells the end.
            piece = b""
        self.over = not piece
        self.raw += piece
        return bool(piece)

    def text(self, since=0):
        """What was written, without sequences and spaces: a frame leaves out cells that are blank already."""
        return re.sub(rb"\s", b"", SEQUENCE.sub(b"", bytes(self.raw[since:])))

    def shows(self, what, limit_s=30, since=0):
        """Waits for a text without spaces; the time since the start."""
        until = time.perf_counter() + limit_s
        while what not in self.text(since):
            if self.over or time.perf_counter() > until:
                sys.exit(f"{what!r} never came; the end of what did: {self.text(since)[-600:]!r}")
            self.read(until - time.perf_counter())
        return time.perf_counter() - self.began

    def rests(self, for_s=0.5, limit_s=30):
        """Waits until nothing was written for a while."""
        until = time.perf_counter() + limit_s
        while self.read(for_s) and time.perf_counter() < until:
            pass

    def types(self, keys):
        os.write(self.fd, keys.encode())

    def memory(self):
        """Resident now and at its most, KiB."""
        status = open(f"/proc/{self.pid}/status").read()
        return tuple(int(re.search(rf"{name}:\s+(\d+)", status)[1]) for name in ("VmRSS", "VmHWM"))

    def end(self, signal_=signal.SIGTERM):
        if self.pid:
            try:
                os.kill(self.pid, signal_)
            except ProcessLookupError:
                pass
            until = time.perf_counter() + 10
            while not self.over and time.perf_counter() < until:
                self.read(0.2)
            os.close(self.fd)
            os.waitpid(self.pid, 0)
            self.pid = 0


def nth(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * part / 100))]


def machine():
    load = os.getloadavg()[0]
    return f"{time.strftime('%F')}, {os.cpu_count()} cores, {os.uname().machine}, load {load:.1f}"
