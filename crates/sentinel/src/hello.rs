//! The hello: how a Sentinel says that it is there, and what it knows, on the channel of every server it watches.

/// Where hellos are published.
pub(crate) const CHANNEL: &[u8] = b"__sentinel__:hello";

/// One hello. On the wire: `ip,port,runid,current_epoch,name,master_ip,master_port,config_epoch`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hello {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) run_id: String,
    pub(crate) current_epoch: u64,
    pub(crate) group: String,
    pub(crate) primary_host: String,
    pub(crate) primary_port: u16,
    pub(crate) config_epoch: u64,
}

impl Hello {
    pub(crate) fn encode(&self) -> Vec<u8> {
        format!(
            "{},{},{},{},{},{},{},{}",
            self.host,
            self.port,
            self.run_id,
            self.current_epoch,
            self.group,
            self.primary_host,
            self.primary_port,
            self.config_epoch
        )
        .into_bytes()
    }

    /// None for what is no hello.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Hello> {
        let text = std::str::from_utf8(bytes).ok()?;
        let words: Vec<&str> = text.split(',').collect();
        let [host, port, run_id, current_epoch, group, primary_host, primary_port, config_epoch] =
            words[..]
        else {
            return None;
        };
        Some(Hello {
            host: host.to_owned(),
            port: port.parse().ok()?,
            run_id: run_id.to_owned(),
            current_epoch: current_epoch.parse().ok()?,
            group: group.to_owned(),
            primary_host: primary_host.to_owned(),
            primary_port: primary_port.parse().ok()?,
            config_epoch: config_epoch.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_reads_as_operators_see_it() {
        let text = b"192.168.126.133,26379,17607179ad13102b1561dcd6a999cff732ac0f98,0,zabbix,192.168.126.128,6379,0";
        let hello = Hello::parse(text).expect("a hello");
        assert_eq!((hello.group.as_str(), hello.primary_port), ("zabbix", 6379));
        assert_eq!(hello.encode(), text);
        for not in [&b"a,b"[..], b"", b"\xff", b"a,x,c,0,d,e,1,0", b"a,1,c,0,d,e,1,0,9"] {
            assert_eq!(Hello::parse(not), None);
        }
    }
}
