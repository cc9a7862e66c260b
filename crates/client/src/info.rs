//! Fields of INFO.

/// The value of `name` in a text of `name:value` lines, as INFO gives it.
pub fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let info = "# Replication\r\nrole:master\r\nrole_x:y\r\nslave0:ip=a,port=1\r\n";
        assert_eq!(field(info, "role"), Some("master"));
        assert_eq!(field(info, "slave0"), Some("ip=a,port=1"));
        assert_eq!(field(info, "rol"), None);
    }
}
