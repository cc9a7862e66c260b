//! `proc-title-template`: what `ps` shows, with variables in braces.

use crate::Config;

/// The variables a template may name.
const VARIABLES: &[&str] =
    &["title", "listen-addr", "server-mode", "config-file", "port", "tls-port", "unixsocket"];

/// Fills a template: `{name}` becomes what `value` gives for it, `{{` is a brace. Blanks around the result go. None
/// where a brace is not closed or `value` knows no such name.
fn expand_title(template: &str, value: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut title = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('{') {
        title.push_str(before);
        if let Some(after) = behind.strip_prefix('{') {
            title.push('{');
            rest = after;
        } else {
            let (name, after) = behind.split_once('}')?;
            title.push_str(&value(name)?);
            rest = after;
        }
    }
    title.push_str(rest);
    Some(title.trim_matches(' ').to_owned())
}

impl Config {
    /// What `ps` is to show; none where that is left to the system.
    pub fn title(&self) -> Option<String> {
        let values = &self.values;
        let value = |variable: &str| {
            Some(match variable {
                "title" => self.program.clone(),
                "listen-addr" => self.listen_address(),
                "server-mode" if self.is_sentinel => "[sentinel]".to_owned(),
                "server-mode" => String::new(),
                "config-file" => self.file.clone().unwrap_or_else(|| "-".to_owned()),
                "port" => values.count("port").to_string(),
                "tls-port" => "0".to_owned(),
                "unixsocket" => values.text("unixsocket"),
                _ => return None,
            })
        };
        let template = values.flag("set-proc-title").then(|| values.text("proc-title-template"));
        expand_title(&template?, value)
    }

    fn listen_address(&self) -> String {
        match (self.values.count("port"), self.values.addresses().first()) {
            (0, _) => format!("unixsocket:{}", self.values.text("unixsocket")),
            (port, Some(address)) => format!("{}:{port}", address.trim_start_matches('-')),
            (port, None) => format!("*:{port}"),
        }
    }
}

/// A template is good if it names known variables only and is not blank without them.
pub(crate) fn is_template(template: &str) -> bool {
    let filled = expand_title(template, |name| VARIABLES.contains(&name).then(String::new));
    filled.is_some_and(|title| !title.is_empty() || template.contains('{'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_tells_of_the_server() {
        let mut config = Config { program: "regent".to_owned(), ..Config::default() };
        assert_eq!(config.title().as_deref(), Some("regent *:6379"));
        let template = "{config-file} {port} {tls-port}{unixsocket}";
        config.values.set("proc-title-template", &[template]).expect("a template");
        config.values.set("bind", &["127.0.0.1", "-::1"]).expect("addresses");
        assert_eq!(config.title().as_deref(), Some("- 6379 0"));
        config.values.set("proc-title-template", &["{listen-addr}"]).expect("a template");
        assert_eq!(config.title().as_deref(), Some("127.0.0.1:6379"));
        config.values.set("set-proc-title", &["no"]).expect("a switch");
        assert_eq!(config.title(), None);
    }

    #[test]
    fn variables_are_filled_in() {
        let value = |name: &str| match name {
            "title" => Some("regent".to_owned()),
            "server-mode" => Some(String::new()),
            _ => None,
        };
        for (template, want) in [
            ("{title} {server-mode}", Some("regent")),
            ("{{x} {title}", Some("{x} regent")),
            ("{title", None),
            ("{bad}", None),
            ("{", None),
        ] {
            assert_eq!(expand_title(template, value).as_deref(), want, "{template}");
        }
        assert!(is_template("{title} {listen-addr} {server-mode}"));
        assert!(is_template("--my--title"));
        assert!(!is_template("{nobody}"));
        assert!(!is_template("   "));
    }
}
