//! The words behind the program's name: a file, `-` for standard input, `--directive value ...`.
//!
//! Options are turned into lines of a configuration file and read after it, so that there is one grammar and the
//! last word wins. The rules for where a value ends are those of Redis 7.2, odd ones included: scripts depend on
//! `--save` without a value, on values that begin with `--`, and on several words in one argument.

use crate::words::{quote, split};

/// What the arguments ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandLine {
    /// The configuration file, as given.
    pub file: Option<String>,
    /// Whether configuration is read from standard input too, after the file.
    pub stdin: bool,
    /// The options as lines of a configuration file.
    pub options: Vec<u8>,
    /// Whether `--sentinel` is among the arguments.
    pub sentinel: bool,
}

impl CommandLine {
    /// Reads the arguments, without the program's name. Arguments that make a program of their own, such as
    /// `--version`, are the caller's to look for first.
    pub fn parse(args: &[Vec<u8>]) -> CommandLine {
        let mut line = CommandLine {
            sentinel: args.iter().any(|arg| arg == b"--sentinel"),
            ..CommandLine::default()
        };
        let mut first_option = 0;
        if let Some(file) = args.first().filter(|arg| !arg.starts_with(b"-")) {
            line.file = Some(String::from_utf8_lossy(file).into_owned());
            first_option = 1;
        }
        // True where the next `--word` is a name; false where it is the value that the last name still wants.
        let mut name_may_follow = true;
        for (at, arg) in args.iter().enumerate().skip(first_option) {
            let is_last = at + 1 == args.len();
            if arg == b"-" && (at == 0 || is_last) {
                line.stdin = true;
            } else if name_may_follow && arg.starts_with(b"--") {
                name_may_follow = line.push_name(arg, args.get(at + 1).map(Vec::as_slice));
            } else {
                line.options.extend(quote(arg));
                line.options.push(b' ');
                name_may_follow = true;
            }
        }
        line
    }

    /// Begins a line with the option `arg`; true if it is complete although no value has come.
    fn push_name(&mut self, arg: &[u8], next: Option<&[u8]>) -> bool {
        if !self.options.is_empty() {
            self.options.push(b'\n');
        }
        self.options.extend_from_slice(&arg[2..]);
        self.options.push(b' ');
        if split(arg).is_none_or(|words| words.len() != 1) {
            // Name and value in one argument, such as "--port 6380".
            return true;
        }
        let next_is_name = next.is_some_and(|next| next.starts_with(b"--"));
        if arg.eq_ignore_ascii_case(b"--save") && (next_is_name || next.is_none()) {
            // A script whose list of save points is empty.
            self.options.extend(b"\"\"");
            return true;
        }
        arg.eq_ignore_ascii_case(b"--sentinel") && next_is_name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> (Option<String>, bool, String) {
        let args: Vec<Vec<u8>> = args.iter().map(|arg| arg.as_bytes().to_vec()).collect();
        let line = CommandLine::parse(&args);
        (line.file, line.stdin, String::from_utf8(line.options).expect("text"))
    }

    #[test]
    fn options_become_lines() {
        for (args, want) in [
            (&["--port", "6380"][..], "port \"6380\" "),
            (&["--port", "6380", "--slaveof", "a", "1"], "port \"6380\" \nslaveof \"a\" \"1\" "),
            (&["--port 6380", "--loglevel debug"], "port 6380 \nloglevel debug "),
            (&["--save", "--loglevel", "debug"], "save \"\"\nloglevel \"debug\" "),
            (&["--loglevel", "debug", "--save"], "loglevel \"debug\" \nsave \"\""),
            (&["--save", ""], "save \"\" "),
            (&["--port", "--bla", "--loglevel", "x"], "port \"--bla\" \nloglevel \"x\" "),
            (&["--port", "--loglevel", "x"], "port \"--loglevel\" \"x\" "),
            (
                &["--proc-title-template", "--save", "--save", "", "--port", "1"],
                "proc-title-template \"--save\" \nsave \"\" \nport \"1\" ",
            ),
            (&["--sentinel", "--port", "1"], "sentinel \nport \"1\" "),
            (&["--sentinel"], "sentinel "),
            (&["--port"], "port "),
            (&[], ""),
        ] {
            assert_eq!(parse(args), (None, false, want.to_owned()), "{args:?}");
        }
    }

    #[test]
    fn a_file_comes_first_and_a_dash_first_or_last() {
        assert_eq!(parse(&["a.conf", "-"]), (Some("a.conf".into()), true, String::new()));
        assert_eq!(parse(&["-", "--port", "1"]), (None, true, "port \"1\" ".into()));
        assert_eq!(parse(&["--port", "1", "-"]), (None, true, "port \"1\" ".into()));
        let words = ["a.conf", "--port", "1"];
        assert_eq!(parse(&words), (Some("a.conf".into()), false, "port \"1\" ".into()));
        // A file and then a bare word: the word is put behind whatever line comes before, as Redis does.
        assert_eq!(parse(&["loglevel", "verbose"]).2, "\"verbose\" ");
    }

    #[test]
    fn sentinel_is_seen_wherever_it_stands() {
        let args = ["a.conf", "--sentinel"].map(|arg| arg.as_bytes().to_vec());
        assert!(CommandLine::parse(&args).sentinel);
    }
}
