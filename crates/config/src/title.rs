//! `proc-title-template`: what `ps` shows, with variables in braces.

/// The variables a template may name.
const VARIABLES: &[&str] =
    &["title", "listen-addr", "server-mode", "config-file", "port", "tls-port", "unixsocket"];

/// Fills a template: `{name}` becomes what `value` gives for it, `{{` is a brace. Blanks around the result go. None
/// where a brace is not closed or `value` knows no such name.
pub fn expand_title(template: &str, value: impl Fn(&str) -> Option<String>) -> Option<String> {
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

/// A template is good if it names known variables only and is not blank without them.
pub(crate) fn is_template(template: &str) -> bool {
    let filled = expand_title(template, |name| VARIABLES.contains(&name).then(String::new));
    filled.is_some_and(|title| !title.is_empty() || template.contains('{'))
}

#[cfg(test)]
mod tests {
    use super::*;

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
