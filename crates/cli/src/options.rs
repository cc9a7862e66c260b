//! What the command line asks for.
//!
//! Options end where the first word without a dash stands: that is the command, whatever follows it.

use client::Uri;

use crate::exit::{Exit, Result, fail};
use crate::format::{Layout, Output};
use crate::{number, usage};

/// Where the server is, and who we are there.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// A Unix socket, which then counts instead of host and port.
    pub(crate) socket: Option<String>,
    pub(crate) user: Option<Vec<u8>>,
    pub(crate) password: Option<Vec<u8>>,
    /// The database that shall be selected.
    pub(crate) db: i64,
}

/// What to do instead of sending the command of the command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Modes {
    pub(crate) is_latency: bool,
    pub(crate) is_latency_history: bool,
    pub(crate) is_latency_spectrum: bool,
    pub(crate) is_replica: bool,
    pub(crate) rdb: Option<Rdb>,
    pub(crate) is_pipe: bool,
    pub(crate) is_bigkeys: bool,
    /// MEMORY USAGE of all keys, with so many samples; zero: as many as the server likes.
    pub(crate) memkeys_samples: Option<u64>,
    pub(crate) is_hotkeys: bool,
    pub(crate) is_stat: bool,
    pub(crate) is_scan: bool,
    pub(crate) lru_test_keys: Option<u64>,
    pub(crate) intrinsic_latency_secs: Option<u64>,
    pub(crate) hint_for: Option<Vec<u8>>,
    pub(crate) hint_suite: Option<String>,
    pub(crate) script: Option<String>,
    pub(crate) is_debugger: bool,
    /// The server stands still meanwhile, and changes are kept.
    pub(crate) is_debugger_sync: bool,
    pub(crate) is_cluster_manager: bool,
    pub(crate) topology: Option<Drawing>,
}

/// A snapshot to fetch.
#[derive(Clone, Debug)]
pub(crate) struct Rdb {
    pub(crate) path: String,
    pub(crate) is_functions_only: bool,
}

/// How a topology is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drawing {
    Text,
    Json,
    Dot,
}

/// Which version of the protocol is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proto {
    /// What the server begins with.
    Unsaid,
    /// `-2`.
    Two,
    /// `-3`: anything else is an error.
    Three,
    /// Three because `--json` profits from it; two will do.
    ThreeIfPossible,
}

/// Where an argument comes from standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FromInput {
    Nothing,
    /// `-x`.
    LastArgument,
    /// `-X tag`: the argument that is this word.
    Tagged(Vec<u8>),
}

/// Everything that options say.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) place: Place,
    pub(crate) repeat: i64,
    pub(crate) interval_us: u64,
    pub(crate) proto: Proto,
    pub(crate) layout: Layout,
    pub(crate) prints_pushes: bool,
    pub(crate) from_input: FromInput,
    pub(crate) asks_password: bool,
    pub(crate) is_input_quoted: bool,
    pub(crate) fails_on_error: bool,
    pub(crate) follows_redirects: bool,
    pub(crate) is_verbose: bool,
    pub(crate) is_mono: bool,
    pub(crate) pattern: Option<Vec<u8>>,
    pub(crate) count: i64,
    pub(crate) pipe_timeout_secs: i64,
    /// The name under which Sentinels know the primary to connect to.
    pub(crate) sentinel: Option<String>,
    pub(crate) modes: Modes,
    /// The command, empty where there is none.
    pub(crate) command: Vec<Vec<u8>>,
}

impl Options {
    fn new(is_terminal: bool) -> Options {
        Options {
            place: Place {
                host: "127.0.0.1".to_owned(),
                port: 6379,
                socket: None,
                user: None,
                password: None,
                db: 0,
            },
            repeat: 1,
            interval_us: 0,
            proto: Proto::Unsaid,
            layout: Layout::new(if is_terminal { Output::Standard } else { Output::Raw }),
            prints_pushes: is_terminal,
            from_input: FromInput::Nothing,
            asks_password: false,
            is_input_quoted: false,
            fails_on_error: false,
            follows_redirects: false,
            is_verbose: false,
            is_mono: false,
            pattern: None,
            count: 10,
            pipe_timeout_secs: 30,
            sentinel: None,
            modes: Modes::default(),
            command: Vec::new(),
        }
    }
}

/// Reads the words after the program's name. `is_terminal` tells how to write where no option does. What the user must
/// be told has been told when this fails.
pub(crate) fn parse(name: &str, words: &[Vec<u8>], is_terminal: bool) -> Result<Options> {
    let mut reader = Reader {
        options: Options::new(is_terminal),
        words,
        is_warned: true,
        dot_or_json: None,
        is_tagged: false,
        is_last: false,
        is_two: false,
        is_two_rdbs: false,
    };
    reader.read()?;
    reader.finish(name)
}

struct Reader<'a> {
    options: Options,
    words: &'a [Vec<u8>],
    is_warned: bool,
    /// `--json` and `--dot` also say how a topology is drawn, wherever they stand.
    dot_or_json: Option<Drawing>,
    is_tagged: bool,
    is_last: bool,
    is_two: bool,
    is_two_rdbs: bool,
}

impl<'a> Reader<'a> {
    fn read(&mut self) -> Result<()> {
        while let Some((word, rest)) = self.words.split_first() {
            self.words = rest;
            // The names of options are text; a word that is not is no option.
            let name = std::str::from_utf8(word).unwrap_or_default();
            let is_known = self.flag(name)? || self.place(name)? || self.valued(name)?;
            if is_known {
                continue;
            }
            if word.first() == Some(&b'-') {
                let word = String::from_utf8_lossy(word);
                return fail(format!(
                    "Unrecognized option or bad number of args for: '{word}'\n{}   (--help tells all)",
                    usage::USAGE
                ));
            }
            self.options.command = [std::slice::from_ref(word), rest].concat();
            break;
        }
        Ok(())
    }

    /// The word behind an option that needs one, which then is taken.
    fn value(&mut self) -> Option<&'a [u8]> {
        let (word, rest) = self.words.split_first()?;
        self.words = rest;
        Some(word)
    }

    fn text(&mut self) -> Option<String> {
        self.value().map(|word| String::from_utf8_lossy(word).into_owned())
    }

    /// The number behind the option `name`.
    fn integer(&mut self, name: &str) -> Result<i64> {
        let word = self.value().unwrap_or_default();
        number::whole(word).map_or_else(|| wrong_number(name, "a whole number", word), Ok)
    }

    /// As [`Reader::integer`], but not less than zero.
    fn count(&mut self, name: &str) -> Result<u64> {
        let word = self.value().unwrap_or_default();
        let number = number::whole(word).and_then(|number| u64::try_from(number).ok());
        number.map_or_else(|| wrong_number(name, "a whole number from zero", word), Ok)
    }

    /// Options that stand alone.
    fn flag(&mut self, name: &str) -> Result<bool> {
        let Options { layout, modes, .. } = &mut self.options;
        match name {
            "--help" => {
                sys::output::say(usage::text());
                return Err(Exit(0));
            }
            "-v" | "--version" => {
                sys::say!("redis-cli {}", node::REDIS_VERSION);
                return Err(Exit(0));
            }
            "-x" => self.is_last = true,
            "-c" => self.options.follows_redirects = true,
            "-e" => self.options.fails_on_error = true,
            "-2" => self.is_two = true,
            "-3" => self.options.proto = Proto::Three,
            "--no-auth-warning" => self.is_warned = false,
            "--askpass" => self.options.asks_password = true,
            "--quoted-input" => self.options.is_input_quoted = true,
            "--verbose" => self.options.is_verbose = true,
            "--mono" => self.options.is_mono = true,
            "--raw" => layout.output = Output::Raw,
            "--no-raw" => layout.output = Output::Standard,
            "--csv" => layout.output = Output::Csv,
            "--json" | "--quoted-json" => {
                let is_quoted = name == "--quoted-json";
                layout.output = if is_quoted { Output::QuotedJson } else { Output::Json };
                self.dot_or_json = Some(Drawing::Json);
                if self.options.proto == Proto::Unsaid {
                    self.options.proto = Proto::ThreeIfPossible;
                }
            }
            "--dot" => self.dot_or_json = Some(Drawing::Dot),
            "--topology" => modes.topology = Some(Drawing::Text),
            "--latency" => modes.is_latency = true,
            "--latency-history" => (modes.is_latency, modes.is_latency_history) = (true, true),
            "--latency-dist" => modes.is_latency_spectrum = true,
            "--slave" | "--replica" => modes.is_replica = true,
            "--stat" => modes.is_stat = true,
            "--scan" => modes.is_scan = true,
            "--pipe" => modes.is_pipe = true,
            "--bigkeys" => modes.is_bigkeys = true,
            "--memkeys" => modes.memkeys_samples = Some(0),
            "--hotkeys" => modes.is_hotkeys = true,
            "--ldb" | "--ldb-sync-mode" => {
                modes.is_debugger = true;
                modes.is_debugger_sync |= name == "--ldb-sync-mode";
                layout.output = Output::Raw;
            }
            name if name.starts_with("--cluster") => {
                modes.is_cluster_manager = true;
                // What follows belongs to it, and is not read.
                self.words = &[];
            }
            "--tls" | "--insecure" => return no_tls(),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Options that say where the server is. Without the word that they need they are none.
    fn place(&mut self, name: &str) -> Result<bool> {
        if self.words.is_empty() {
            if name == "-h" {
                sys::output::say(usage::text());
                return Err(Exit(0));
            }
            return Ok(false);
        }
        let mut word = || self.value().map(<[u8]>::to_vec);
        match name {
            "-h" => self.options.place.host = self.text().unwrap_or_default(),
            "-p" => {
                let port = self.integer(name)?;
                self.options.place.port = checked_port(port)?;
            }
            "-s" => self.options.place.socket = self.text(),
            "-n" => self.options.place.db = self.integer(name)?,
            "-a" | "--pass" => self.options.place.password = word(),
            "--user" => self.options.place.user = word(),
            "-u" => {
                let uri = Uri::parse(&word().unwrap_or_default())
                    .or_else(|error| fail(error.to_string()))?;
                if uri.is_tls {
                    return no_tls();
                }
                let place = &mut self.options.place;
                place.user = uri.user.or(place.user.take());
                place.password = uri.password.or(place.password.take());
                place.host = uri.host.unwrap_or(std::mem::take(&mut place.host));
                place.port = uri.port.map_or(Ok(place.port), checked_port)?;
                place.db = uri.database.unwrap_or(place.db);
            }
            "--sentinel" => self.options.sentinel = self.text(),
            "--sni" | "--cacert" | "--cacertdir" | "--cert" | "--key" | "--tls-ciphers"
            | "--tls-ciphersuites" => return no_tls(),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Other options with a word behind them.
    fn valued(&mut self, name: &str) -> Result<bool> {
        if self.words.is_empty() {
            return Ok(false);
        }
        match name {
            "-r" => self.options.repeat = self.integer(name)?,
            "-i" => {
                let word = self.value().unwrap_or_default();
                let seconds = number::seconds(word);
                let seconds = seconds.map_or_else(|| wrong_number(name, "seconds", word), Ok)?;
                self.options.interval_us = (seconds * 1e6) as u64;
            }
            "-X" => {
                self.is_tagged = true;
                let tag = self.value().unwrap_or_default().to_vec();
                self.options.from_input = FromInput::Tagged(tag);
            }
            "-d" => self.options.layout.item_end = self.value().unwrap_or_default().to_vec(),
            "-D" => self.options.layout.reply_end = self.value().unwrap_or_default().to_vec(),
            "--show-pushes" => self.show_pushes(),
            "--pattern" => self.options.pattern = self.value().map(<[u8]>::to_vec),
            "--quoted-pattern" => {
                let pattern = self.value().and_then(crate::input::unquote);
                if pattern.is_none() {
                    return fail("Invalid quoted string specified for --quoted-pattern.");
                }
                self.options.pattern = pattern;
            }
            "--count" => self.options.count = self.integer(name)?,
            "--pipe-timeout" => self.options.pipe_timeout_secs = self.integer(name)?,
            "--memkeys-samples" => {
                self.options.modes.memkeys_samples = Some(self.count(name)?);
            }
            "--lru-test" => self.options.modes.lru_test_keys = Some(self.count(name)?),
            "--intrinsic-latency" => {
                let secs = self.count(name)?;
                self.options.modes.intrinsic_latency_secs = Some(secs);
            }
            "--rdb" | "--functions-rdb" => {
                let path = self.text().unwrap_or_default();
                let is_functions_only = name == "--functions-rdb";
                let before = &self.options.modes.rdb;
                self.is_two_rdbs |= before
                    .as_ref()
                    .is_some_and(|before| before.is_functions_only != is_functions_only);
                self.options.modes.rdb = Some(Rdb { path, is_functions_only });
            }
            "--eval" => self.options.modes.script = self.text(),
            "--test_hint" => self.options.modes.hint_for = self.value().map(<[u8]>::to_vec),
            "--test_hint_file" => self.options.modes.hint_suite = self.text(),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn show_pushes(&mut self) {
        let word = self.text().unwrap_or_default();
        match word.as_bytes().first() {
            Some(b'y' | b'Y') => self.options.prints_pushes = true,
            Some(b'n' | b'N') => self.options.prints_pushes = false,
            _ => {
                sys::complain!("Unknown --show-pushes value '{word}' (valid: '[y]es', '[n]o')");
            }
        }
    }

    /// What options may not say together.
    fn finish(mut self, name: &str) -> Result<Options> {
        if self.options.place.socket.is_some() && self.options.follows_redirects {
            return fail("Options -c and -s are mutually exclusive.");
        }
        if self.is_two && self.options.proto == Proto::Three {
            return fail("Options -2 and -3 are mutually exclusive.");
        }
        if self.options.modes.is_debugger && self.options.modes.script.is_none() {
            sys::complain!("Options --ldb and --ldb-sync-mode require --eval.");
            return fail(format!("Try {name} --help for more information."));
        }
        if self.is_warned && self.options.place.password.is_some() {
            sys::complain!(
                "Warning: Using a password with '-a' or '-u' option on the command line interface \
                 may not be safe."
            );
        }
        if self.is_two_rdbs {
            return fail("Option --functions-rdb and --rdb are mutually exclusive.");
        }
        if self.is_last && self.is_tagged {
            return fail("Options -x and -X are mutually exclusive.");
        }
        if self.is_last {
            self.options.from_input = FromInput::LastArgument;
        }
        if self.is_two {
            self.options.proto = Proto::Two;
        }
        if let (Some(drawing), Some(asked)) = (&mut self.options.modes.topology, self.dot_or_json) {
            *drawing = asked;
        }
        Ok(self.options)
    }
}

fn wrong_number<T>(name: &str, want: &str, word: &[u8]) -> Result<T> {
    fail(format!("{name} wants {want}, not '{}'", String::from_utf8_lossy(word)))
}

fn checked_port(port: i64) -> Result<u16> {
    u16::try_from(port).or_else(|_| fail("Invalid server port."))
}

fn no_tls<T>() -> Result<T> {
    fail("TLS is not in this version of Regent")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Options> {
        let words: Vec<Vec<u8>> = line.split_whitespace().map(Vec::from).collect();
        parse("redis-cli", &words, false)
    }

    #[test]
    fn options_end_where_the_command_begins() {
        let options = parsed("-h a -p 1 -n 3 -r 5 -i 0.5 get -p 7").expect("all are known");
        assert_eq!((options.place.host.as_str(), options.place.port), ("a", 1));
        assert_eq!((options.place.db, options.repeat, options.interval_us), (3, 5, 500_000));
        assert_eq!(options.command, ["get", "-p", "7"].map(Vec::from));
        let options = parsed("-u redis://me:pw@there:7/2 --no-auth-warning").expect("it is sound");
        assert_eq!(options.place.host, "there");
        assert_eq!(options.place.password.as_deref(), Some(&b"pw"[..]));
        assert_eq!((options.place.port, options.place.db), (7, 2));
    }

    #[test]
    fn what_contradicts_itself_or_is_unknown_fails() {
        for line in [
            "--nope",
            "-p",
            "-x -X t",
            "-2 -3",
            "-c -s /x",
            "--ldb",
            "-p 70000",
            "-p abc",
            "-n 1x",
            "-r many",
            "-i soon",
            "-i -1",
            "--count ten",
            "--pipe-timeout x",
            "--memkeys-samples -1",
            "--lru-test x",
            "--intrinsic-latency x",
            "-u http://x",
            "--rdb a --functions-rdb b",
            "--tls",
        ] {
            assert_eq!(parsed(line).err(), Some(Exit(1)), "{line}");
        }
        assert_eq!(parsed("--json").map(|it| it.proto).ok(), Some(Proto::ThreeIfPossible));
        assert_eq!(parsed("--json -2").map(|it| it.proto).ok(), Some(Proto::Two));
        let drawing = |line| parsed(line).ok().and_then(|it| it.modes.topology);
        assert_eq!(drawing("--json --topology"), Some(Drawing::Json));
        assert_eq!(drawing("--topology"), Some(Drawing::Text));
        assert_eq!(drawing("--dot"), None);
    }
}
