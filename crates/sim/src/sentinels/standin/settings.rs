//! The configuration file of a stand-in, which CONFIG REWRITE writes.

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whom it follows from the start.
    pub source: Option<(String, u16)>,
    /// Whether a restart finds the data again, as it was when it was last saved.
    pub keeps_data: bool,
    /// `replica-priority`.
    pub priority: u32,
    /// How long a whole copy takes to arrive, and again to load.
    pub sync_ms: u64,
    /// A write about so often, while it is a primary.
    pub write_ms: u64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { source: None, keeps_data: true, priority: 100, sync_ms: 100, write_ms: 400 }
    }
}

impl Settings {
    /// Reads a file that [`Settings::text`] wrote.
    pub(crate) fn parse(text: &str) -> Settings {
        let mut settings = Settings::default();
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let number = words.get(1).and_then(|it| it.parse::<u64>().ok());
            match (words[0], number) {
                ("replicaof", _) => {
                    let port = words.get(2).and_then(|it| it.parse().ok());
                    settings.source = words.get(1).map(|it| (*it).to_owned()).zip(port);
                }
                ("keeps-data", Some(flag)) => settings.keeps_data = flag == 1,
                ("priority", Some(priority)) => settings.priority = priority as u32,
                ("sync-ms", Some(ms)) => settings.sync_ms = ms,
                ("write-ms", Some(ms)) => settings.write_ms = ms,
                _ => {}
            }
        }
        settings
    }

    /// The whole file.
    pub(crate) fn text(&self) -> String {
        let source = self.source.as_ref();
        let source = source.map(|(host, port)| format!("replicaof {host} {port}\n"));
        format!(
            "{}keeps-data {}\npriority {}\nsync-ms {}\nwrite-ms {}\n",
            source.unwrap_or_default(),
            u8::from(self.keeps_data),
            self.priority,
            self.sync_ms,
            self.write_ms
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let source = Some(("10.0.0.3".to_owned(), 6379));
        let settings = Settings { source, keeps_data: false, priority: 7, sync_ms: 8, write_ms: 9 };
        assert_eq!(Settings::parse(&settings.text()), settings);
        assert_eq!(Settings::parse(""), Settings::default());
    }
}
