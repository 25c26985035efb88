//! A person's own words for command lines, kept in `aliases.toml` beside the settings: read only where the words on the line name no
//! command of the program's own.
//!
//! An alias changes the list of arguments before anything reads it, and nothing else: what fills a placeholder stays in the one word that the
//! placeholder stands in, and what a shell is given arrives as its positional parameters. `afenda-NAME` on PATH is `afenda NAME`, where that is
//! neither a command nor an alias.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::CliError;
use crate::settings::var;

/// The file is written by hand: a longer one is something else.
const BYTES_MAX: u64 = 256 * 1024;
/// Bytes of all arguments that an alias comes to. Placeholders repeat what they are given.
const LINE_BYTES_MAX: usize = 256 * 1024;
/// Words that one name has at most.
const WORDS_MAX: usize = 3;
/// Aliases that one leads through at most; more go in a circle.
const DEPTH_MAX: usize = 10;

/// An argument that could be any: no alias and no command is called like it.
const ANY: &str = ".-";

/// Each alias by its name, with what it stands for.
pub(crate) type Aliases = BTreeMap<String, String>;

/// What a command line comes to.
#[derive(Debug, PartialEq, Eq)]
enum Meant {
    /// Arguments of ours.
    Line(Vec<OsString>),
    /// A text for `sh -c`, and its positional parameters.
    Shell(String, Vec<OsString>),
    /// A program of that name, and its arguments.
    Program(PathBuf, Vec<OsString>),
}

/// The arguments without aliases. What is an alias for the shell or another program takes the place of this process.
///
/// # Errors
/// A file that cannot be read, an alias that lacks arguments or goes in a circle, a program that cannot be started.
pub(crate) fn expand(command: &clap::Command, args: Vec<OsString>) -> Result<Vec<OsString>, CliError> {
    let failed = |what: &str, err: std::io::Error| CliError::failed(format!("cannot run {what}")).because(err);
    match meant(command, args, read, &program)? {
        Meant::Line(args) => Ok(args),
        Meant::Shell(text, args) => Err(failed("sh", Command::new("sh").arg("-c").arg(text).arg("afenda").args(args).exec())),
        Meant::Program(path, args) => Err(failed(&path.display().to_string(), Command::new(&path).args(args).exec())),
    }
}

fn meant(
    command: &clap::Command,
    mut args: Vec<OsString>,
    read: impl FnOnce() -> Result<Aliases, CliError>,
    program: &dyn Fn(&str) -> Option<PathBuf>,
) -> Result<Meant, CliError> {
    let mut read = Some(read);
    let mut aliases = Aliases::new();
    for _ in 0..=DEPTH_MAX {
        let Some(at) = first_word(command, &args) else { return Ok(Meant::Line(args)) };
        let words: Vec<String> = args[at..].iter().take(WORDS_MAX).map_while(|arg| Some(arg.to_str()?.to_owned())).collect();
        let names: Vec<usize> = (1..=words.len()).rev().filter(|length| !is_taken(command, &words[..*length])).collect();
        if names.is_empty() {
            return Ok(Meant::Line(args));
        }
        if let Some(read) = read.take() {
            aliases = read()?;
        }
        let found = names.iter().find_map(|length| Some((*length, aliases.get(&words[..*length].join(" "))?)));
        let Some((length, expansion)) = found else {
            let own = if at == 1 && !is_taken(command, &words[..1]) { program(&words[0]) } else { None };
            return Ok(own.map_or_else(|| Meant::Line(args.clone()), |path| Meant::Program(path, args[2..].to_vec())));
        };
        let name = words[..length].join(" ");
        let given = args.split_off(at + length);
        if let Some(text) = expansion.strip_prefix('!') {
            if at > 1 {
                return Err(CliError::usage(format!("the alias `{name}` is for the shell: flags before it go nowhere"))
                    .hint(format!("`afenda alias list` shows what `{name}` does with what stands behind it")));
            }
            return Ok(Meant::Shell(text.trim().to_owned(), given));
        }
        args.truncate(at);
        args.extend(fill(&name, &split(expansion)?, given)?);
    }
    Err(CliError::usage(format!("aliases that go through more than {DEPTH_MAX} others, or in a circle"))
        .hint("`afenda alias list` shows them"))
}

/// Where the first word stands that is neither a flag of every command nor the value of one.
fn first_word(command: &clap::Command, args: &[OsString]) -> Option<usize> {
    let mut at = 1;
    loop {
        let text = args.get(at)?.to_str()?;
        match text.strip_prefix('-') {
            None => return Some(at),
            Some("-") => return None,
            Some(flag) => at += 1 + usize::from(wants_next(command, flag)),
        }
    }
}

/// Whether a flag, without its first dash, has its value in the next argument.
fn wants_next(command: &clap::Command, flag: &str) -> bool {
    let wants = |arg: &clap::Arg| arg.get_action().takes_values() && !arg.is_require_equals_set();
    if let Some(long) = flag.strip_prefix('-') {
        return command.get_arguments().any(|arg| arg.get_long() == Some(long) && wants(arg));
    }
    // The first letter that wants a value has the rest of the word, if there is any.
    let valued = |letter| command.get_arguments().any(|arg| arg.get_short() == Some(letter) && wants(arg));
    flag.char_indices().find(|(_, letter)| valued(*letter)).is_some_and(|(at, letter)| at + letter.len_utf8() == flag.len())
}

/// Whether words name a command of the program's own, or would be arguments of one.
fn is_taken(command: &clap::Command, words: &[String]) -> bool {
    let mut at = command;
    for (depth, word) in words.iter().enumerate() {
        match at.find_subcommand(word) {
            Some(below) => at = below,
            // Of a command below the first, clap itself makes `help`.
            None => return depth > 0 && (!at.has_subcommands() || word == "help"),
        }
    }
    true
}

/// The words of an expansion, as a shell would split it.
fn split(expansion: &str) -> Result<Vec<String>, CliError> {
    let words = shlex::split(expansion).ok_or_else(|| CliError::usage(format!("a quote is not closed in `{expansion}`")))?;
    if words.is_empty() { Err(CliError::usage("the alias stands for nothing")) } else { Ok(words) }
}

/// The words with what is given in place of `$1` to `$9`; what no placeholder names follows them.
fn fill(name: &str, words: &[String], given: Vec<OsString>) -> Result<Vec<OsString>, CliError> {
    let mut used = vec![false; given.len()];
    let mut filled = Vec::with_capacity(words.len() + given.len());
    let (mut most, mut bytes) = (0, 0);
    for word in words {
        let mut parts = word.split('$');
        let mut whole = OsString::from(parts.next().unwrap_or_default());
        for part in parts {
            match part.chars().next().and_then(|digit| digit.to_digit(10)).filter(|digit| *digit > 0) {
                Some(digit) => {
                    let at = digit as usize - 1;
                    most = most.max(digit);
                    if let (Some(value), Some(used)) = (given.get(at), used.get_mut(at)) {
                        whole.push(value);
                        *used = true;
                    }
                    whole.push(&part[1..]);
                }
                None => {
                    whole.push("$");
                    whole.push(part);
                }
            }
            if bytes + whole.len() > LINE_BYTES_MAX {
                return Err(CliError::usage(format!("the alias `{name}` comes to more than {LINE_BYTES_MAX} bytes")));
            }
        }
        bytes += whole.len();
        filled.push(whole);
    }
    if most as usize > given.len() {
        let number = if most == 1 { "1 argument".to_owned() } else { format!("{most} arguments") };
        return Err(CliError::usage(format!("the alias `{name}` needs {number}, and got {}", given.len()))
            .hint(format!("it stands for `{}`", words.join(" "))));
    }
    filled.extend(given.into_iter().zip(used).filter(|(_, used)| !used).map(|(value, _)| value));
    Ok(filled)
}

/// The program on PATH that is the command of this name. Folders that PATH names from where one stands do not count: another folder would be
/// another program.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    is_word(name)
        .then(|| std::env::split_paths(&path).filter(|dir| dir.is_absolute()).map(|dir| dir.join(format!("afenda-{name}"))))?
        .find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// All programs on PATH that are commands here, by their names.
fn programs() -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    for dir in std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).filter(|dir| dir.is_absolute()) {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let name = entry.file_name().to_str().and_then(|name| name.strip_prefix("afenda-")).map(str::to_owned);
            if let Some(name) = name.filter(|name| is_word(name) && is_program(&entry.path())) {
                found.entry(name).or_insert_with(|| entry.path());
            }
        }
    }
    found
}

/// Whether a word can be part of a name.
fn is_word(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphanumeric()) && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

/// The name of an alias as it is kept: its words, one space between them.
///
/// # Errors
/// One that cannot be typed as a command, or is a command of the program's own.
pub(crate) fn name(command: &clap::Command, text: &str) -> Result<String, CliError> {
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    if words.is_empty() || words.len() > WORDS_MAX || !words.iter().all(|word| is_word(word)) {
        let what = format!("`{text}` is no name for an alias");
        return Err(
            CliError::usage(what).hint(format!("one to {WORDS_MAX} words of letters, digits, - and _, such as `mine` or `conv mine`"))
        );
    }
    if is_taken(command, &words) {
        return Err(CliError::usage(format!("`{}` is a command already", words.join(" "))).hint("take another name"));
    }
    Ok(words.join(" "))
}

/// Checks what an alias is to stand for, beside those that are there.
///
/// # Errors
/// What is not closed, empty, no command, or goes in a circle.
pub(crate) fn check(command: &clap::Command, name: &str, expansion: &str, others: &Aliases) -> Result<(), CliError> {
    if let Some(text) = expansion.strip_prefix('!') {
        return if text.trim().is_empty() { Err(CliError::usage("the alias stands for nothing")) } else { Ok(()) };
    }
    split(expansion)?;
    let mut all = others.clone();
    all.insert(name.to_owned(), expansion.to_owned());
    // With as many arguments as it can name.
    let line = std::iter::once("afenda").chain(name.split(' ')).chain([ANY; 9]).map(OsString::from).collect();
    let Meant::Line(line) = meant(command, line, || Ok(all), &program)? else { return Ok(()) };
    match first_word(command, &line).and_then(|at| line[at].to_str()) {
        Some(word) if word != ANY && command.find_subcommand(word).is_none() => {
            Err(CliError::usage(format!("`{word}` is neither a command nor an alias")).hint("an expansion for the shell begins with !"))
        }
        _ => Ok(()),
    }
}

/// Where the aliases lie.
///
/// # Errors
/// That there is no folder for settings.
pub(crate) fn path() -> Result<PathBuf, CliError> {
    let none = || CliError::failed("there is no folder for the aliases").hint("AFENDA_CONFIG_DIR names one");
    daemon::config::config_dir(&var).map(|dir| dir.join("aliases.toml")).ok_or_else(none)
}

/// The file's text; empty where there is none.
///
/// # Errors
/// One that cannot be read.
pub(crate) fn text(path: &Path) -> Result<String, CliError> {
    let bad = |err: std::io::Error| CliError::usage(format!("cannot read the aliases in {}", path.display())).because(err);
    match std::fs::metadata(path) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(String::new()),
        Ok(file) if file.len() > BYTES_MAX => return Err(bad(std::io::Error::other("the file is too large"))),
        _ => {}
    }
    std::fs::read_to_string(path).map_err(bad)
}

/// The aliases of a file's text.
///
/// # Errors
/// What is no table of texts.
pub(crate) fn parse(path: &Path, text: &str) -> Result<Aliases, CliError> {
    toml::from_str(text).map_err(|err| {
        CliError::usage(format!("cannot read the aliases in {}", path.display()))
            .because(std::io::Error::other(daemon::config::explain(text, &err)))
            .hint("each line is NAME = \"EXPANSION\"")
    })
}

/// The aliases that are there.
///
/// # Errors
/// A file that cannot be read.
pub(crate) fn read() -> Result<Aliases, CliError> {
    // Without a folder there is no file.
    let Ok(path) = path() else { return Ok(Aliases::new()) };
    parse(&path, &text(&path)?)
}

/// Puts another text in the file's place, whole or not at all. Where the file is a link, that stays.
///
/// # Errors
/// What cannot be written.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), CliError> {
    let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    daemon::secret::write_file(&place, text).map_err(|err| CliError::failed("cannot keep the aliases").because(err))
}

/// The command line with aliases and programs of PATH among its commands, for a shell that completes: each takes what it stands for takes.
pub(crate) fn with_aliases(mut whole: clap::Command) -> clap::Command {
    let aliases = read().unwrap_or_default();
    let own = whole.clone();
    for (name, expansion) in &aliases {
        let words: Vec<String> = name.split(' ').map(str::to_owned).collect();
        if words.iter().all(|word| is_word(word)) && !is_taken(&own, &words) {
            whole = insert(whole, &words, target(&own, &aliases, expansion), expansion);
        }
    }
    for (name, path) in programs() {
        if whole.find_subcommand(&name).is_none() {
            whole = insert(whole, std::slice::from_ref(&name), None, &path.display().to_string());
        }
    }
    whole
}

/// The command that an expansion comes to; none for the shell's and other programs'.
fn target(command: &clap::Command, aliases: &Aliases, expansion: &str) -> Option<clap::Command> {
    let line = std::iter::once("afenda".to_owned()).chain(split(expansion).ok()?).map(OsString::from).collect();
    let Meant::Line(line) = meant(command, line, || Ok(aliases.clone()), &|_| None).ok()? else { return None };
    let mut found = None;
    let mut at = command;
    for word in &line[first_word(command, &line)?..] {
        let Some(below) = at.find_subcommand(word) else { break };
        (at, found) = (below, Some(below));
    }
    found.cloned()
}

/// A name as clap takes it, which outlives the command line: the process that completes ends with its answer.
fn lasting(word: &str) -> &'static str {
    Box::leak(word.to_owned().into_boxed_str())
}

fn insert(command: clap::Command, words: &[String], target: Option<clap::Command>, about: &str) -> clap::Command {
    let Some((word, below)) = words.split_first() else { return command };
    if !below.is_empty() {
        let known = command.find_subcommand(word).map(|known| known.get_name().to_owned());
        let command = if known.is_some() { command } else { command.subcommand(clap::Command::new(lasting(word))) };
        return command.mut_subcommand(known.as_deref().unwrap_or(word), |sub| insert(sub, below, target, about));
    }
    let anything = || {
        let rest = clap::Arg::new("rest").num_args(0..).trailing_var_arg(true).allow_hyphen_values(true);
        clap::Command::new(lasting(word)).arg(rest.value_parser(clap::value_parser!(OsString)))
    };
    let sub = target.map_or_else(anything, |target| target.name(lasting(word)).alias(None::<&str>).visible_alias(None::<&str>));
    command.subcommand(sub.about(crate::text::line(about)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn words(line: &str) -> Vec<OsString> {
        shlex::split(line).unwrap().into_iter().map(OsString::from).collect()
    }

    fn known() -> Aliases {
        let all = [
            ("mine", "conv list -a me"),
            ("again", "mine --utc"),
            ("conv hi", "conv reply $1 --body='Hello, $2'"),
            ("swap", "conv view $2"),
            ("loop", "loop x"),
            ("sh", "! echo \"$@\""),
            ("quiet", "-q -P jo mine"),
            ("conv list", "conv view 1"),
            ("own", "prog a"),
        ];
        all.into_iter().map(|(name, expansion)| (name.to_owned(), expansion.to_owned())).collect()
    }

    fn comes_to(line: &str) -> Result<Meant, CliError> {
        let program = |name: &str| (name == "prog").then(|| PathBuf::from("/bin/afenda-prog"));
        meant(&crate::Cli::command(), words(line), || Ok(known()), &program)
    }

    #[test]
    fn an_alias_is_what_it_stands_for_and_a_command_stays_one() {
        for (line, want) in [
            ("afenda", "afenda"),
            ("afenda mine", "afenda conv list -a me"),
            ("afenda mine -L 5", "afenda conv list -a me -L 5"),
            ("afenda -P mine --tz UTC --json -qP jo mine", "afenda -P mine --tz UTC --json -qP jo conv list -a me"),
            ("afenda again", "afenda conv list -a me --utc"),
            ("afenda quiet x", "afenda -q -P jo conv list -a me x"),
            ("afenda swap 1 2 3", "afenda conv view 2 1 3"),
            ("afenda conv list", "afenda conv list"),
            ("afenda conv mine", "afenda conv mine"),
            ("afenda search mine", "afenda search mine"),
            ("afenda -P mine", "afenda -P mine"),
            ("afenda -- mine", "afenda -- mine"),
            ("afenda nothing", "afenda nothing"),
            ("afenda -q prog", "afenda -q prog"),
        ] {
            assert_eq!(comes_to(line).unwrap(), Meant::Line(words(want)), "{line}");
        }
        assert_eq!(comes_to("afenda prog -P x").unwrap(), Meant::Program("/bin/afenda-prog".into(), words("-P x")));
        assert_eq!(comes_to("afenda own -P x").unwrap(), Meant::Program("/bin/afenda-prog".into(), words("a -P x")));
        assert_eq!(comes_to("afenda sh 'a b' '$(id)'").unwrap(), Meant::Shell("echo \"$@\"".into(), words("'a b' '$(id)'")));
    }

    #[test]
    fn what_fills_a_placeholder_stays_in_its_word() {
        for evil in ["a b", "--resolve", "' -y '", "$2", "$(id)", ";ls", "-", ""] {
            let line = OsString::from(format!("--body=Hello, {evil}"));
            let args = [&words("afenda conv hi 43")[..], &[evil.into()]].concat();
            let Meant::Line(got) = meant(&crate::Cli::command(), args, || Ok(known()), &|_| None).unwrap() else { panic!() };
            assert_eq!(got, [&words("afenda conv reply 43")[..], &[line]].concat(), "{evil:?}");
        }
    }

    #[test]
    fn what_cannot_be_expanded_is_wrong_usage() {
        for (line, why) in
            [("afenda swap 1", "needs 2 arguments, and got 1"), ("afenda loop", "in a circle"), ("afenda -q sh", "flags before it")]
        {
            let err = comes_to(line).unwrap_err();
            assert!(err.message.contains(why) && err.exit == crate::exit::Exit::Usage, "{line}: {}", err.message);
        }
        let long = Aliases::from([("big".to_owned(), "$1".repeat(9_000))]);
        let args = vec!["afenda".into(), "big".into(), "x".repeat(100).into()];
        let err = meant(&crate::Cli::command(), args, || Ok(long), &|_| None).unwrap_err();
        assert!(err.message.contains("more than"), "{}", err.message);
    }

    #[test]
    fn a_name_is_a_few_plain_words_that_are_no_command() {
        let mut command = crate::Cli::command();
        command.build();
        for (text, want) in [("mine", "mine"), (" conv   mine ", "conv mine"), ("a-b_1 c d", "a-b_1 c d")] {
            assert_eq!(name(&command, text).unwrap(), want);
        }
        for text in ["", "-x", "a/b", "a b c d", "conv", "conversation", "conv list", "conv list x", "conv help", "help", "search x", "é"]
        {
            assert!(name(&command, text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_alias_that_leads_nowhere_is_not_set() {
        let command = crate::Cli::command();
        let ok = |expansion: &str| check(&command, "new", expansion, &known());
        for expansion in ["conv list", "mine", "! ls", "-P jo conv list", "conv reply $9 -b $1", "--utc", "$1 list"] {
            ok(expansion).unwrap();
        }
        for (expansion, why) in
            [("", "nothing"), ("! ", "nothing"), ("# x", "nothing"), ("conv 'x", "not closed"), ("zz", "neither"), ("new", "circle")]
        {
            assert!(ok(expansion).unwrap_err().message.contains(why), "{expansion}");
        }
    }

    #[test]
    fn a_shell_completes_an_alias_as_what_it_stands_for() {
        let own = crate::Cli::command();
        let aliases = known();
        assert_eq!(target(&own, &aliases, "again").unwrap().get_name(), "list");
        assert!(target(&own, &aliases, "! ls").is_none() && target(&own, &aliases, "nothing").is_none());
        let words = ["zz".to_owned(), "top".to_owned()];
        let mut whole = insert(own.clone(), &words, target(&own, &aliases, "conv"), "conv");
        whole = insert(whole, &["c".to_owned()], target(&own, &aliases, "conv"), "conv");
        whole.build();
        assert!(whole.find_subcommand("zz").and_then(|zz| zz.find_subcommand("top")?.find_subcommand("list")).is_some());
    }
}
