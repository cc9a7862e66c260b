//! The members, their ports and their files. What a group was is kept in its folder, so that it goes on from there.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use client::field;
use sys::{clock, file, net};

use super::arguments::Arguments;
use super::member::{Member, Program};

/// The name that Sentinels watch.
pub(super) const NAME: &str = "mymaster";
/// How long replicas may take to be linked, and Sentinels to know each other.
const PATIENCE_MS: u64 = 30_000;
/// Sentinels listen so far above the servers, as 26379 is above 6379.
const ABOVE: u16 = 20_000;
/// The file that names the members, below the group's folder.
const MEMBERS: &str = "members";

/// All of them, the servers first.
pub(super) struct Group {
    pub(super) members: Vec<Member>,
    folder: PathBuf,
    is_temporary: bool,
    /// It was there before.
    pub(super) goes_on: bool,
}

impl Group {
    /// Starts the group that is kept in the folder, or a new one.
    pub(super) fn start(arguments: &Arguments) -> Result<Group> {
        let is_temporary = arguments.folder.is_none();
        let folder = match &arguments.folder {
            Some(folder) => file::absolute(folder),
            None => std::env::temp_dir().join(format!("regent-up-{}", sys::facts::pid())),
        };
        file::create_folders(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let kept = file::slurp(folder.join(MEMBERS)).ok();
        let goes_on = kept.is_some();
        let ports = match kept {
            Some(text) => read_members(&text).context("the folder's list of members is damaged")?,
            None => choose_ports(arguments)?,
        };
        let text: String =
            ports.iter().map(|(program, port)| format!("{} {port}\n", program.word())).collect();
        file::replace(folder.join(MEMBERS), text.as_bytes())
            .with_context(|| format!("cannot write to {}", folder.display()))?;
        let master = ports.first().map(|(_, port)| *port).context("a group without a server")?;
        let mut group = Group { members: Vec::new(), folder, is_temporary, goes_on };
        for (program, port) in ports {
            let config = |folder: &Path| match program {
                Program::Server => server_config(arguments, port, master, folder),
                Program::Sentinel => sentinel_config(arguments, port, master, folder),
            };
            let member = Member::new(program, port, &group.folder, &arguments.password, config)?;
            group.members.push(member);
            group.members.last_mut().expect("just added").start()?;
        }
        Ok(group)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn servers(&mut self) -> impl Iterator<Item = &mut Member> {
        self.members.iter_mut().filter(|it| it.program == Program::Server)
    }

    pub(super) fn sentinels(&mut self) -> impl Iterator<Item = &mut Member> {
        self.members.iter_mut().filter(|it| it.program == Program::Sentinel)
    }

    /// Waits until everybody answers, replicas follow, and Sentinels know each other and the replicas.
    pub(super) fn wait(&mut self, stopped: &mut impl FnMut() -> bool) -> Result<()> {
        for member in &mut self.members {
            member.wait(stopped)?;
        }
        let deadline = clock::instant().after_ms(PATIENCE_MS);
        while !stopped() && !self.is_whole() {
            if clock::instant() > deadline {
                let words: Vec<String> = self.members.iter().map(Member::last_words).collect();
                bail!("the group does not come together:\n{}", words.join("\n"));
            }
            sys::thread::sleep(std::time::Duration::from_millis(50));
        }
        Ok(())
    }

    /// One master, all others linked to it, and every Sentinel knows all.
    pub(super) fn is_whole(&mut self) -> bool {
        let (mut masters, mut linked) = (0, 0);
        for server in self.servers() {
            let info = server.ask(&["INFO", "replication"]).map(|it| it.text()).unwrap_or_default();
            masters += usize::from(field(&info, "role") == Some("master"));
            linked += usize::from(field(&info, "master_link_status") == Some("up"));
        }
        let servers = self.servers().count();
        let others = self.sentinels().count();
        let want = format!("slaves={},sentinels={others}", servers - 1);
        let knows_all = |sentinel: &mut Member| {
            let info = sentinel.ask(&["INFO", "sentinel"]).map(|it| it.text()).unwrap_or_default();
            let line = field(&info, "master0").unwrap_or_default();
            line.contains("status=ok") && line.ends_with(&want)
        };
        masters == 1 && linked == servers - 1 && self.sentinels().all(knows_all)
    }

    /// The server that calls itself a master; where several do, the one most others follow.
    pub(super) fn master(&mut self) -> Option<usize> {
        let mut best: Option<(usize, usize)> = None;
        for at in 0..self.members.len() {
            let member = &mut self.members[at];
            if member.program != Program::Server {
                continue;
            }
            let info = member.ask(&["INFO", "replication"]).map(|it| it.text()).unwrap_or_default();
            if field(&info, "role") != Some("master") {
                continue;
            }
            let followers = field(&info, "connected_slaves").and_then(|it| it.parse().ok());
            let followers = followers.unwrap_or(0);
            if best.is_none_or(|(_, most)| followers > most) {
                best = Some((at, followers));
            }
        }
        best.map(|(at, _)| at)
    }

    /// Ends all: Sentinels first, so that nobody is promoted meanwhile.
    pub(super) fn stop(&mut self) {
        for program in [Program::Sentinel, Program::Server] {
            let members = || self.members.iter().filter(|it| it.program == program);
            members().for_each(Member::ask_to_end);
            for member in self.members.iter_mut().filter(|it| it.program == program) {
                member.stop();
            }
        }
        self.members.clear();
        if self.is_temporary {
            // What cannot be removed stays in the temporary folder, where somebody will.
            let _ = file::remove_folder(&self.folder);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.stop();
    }
}

fn read_members(text: &[u8]) -> Option<Vec<(Program, u16)>> {
    let text = std::str::from_utf8(text).ok()?;
    let line = |line: &str| {
        let (word, port) = line.split_once(' ')?;
        let program = [Program::Server, Program::Sentinel].into_iter().find(|it| it.word() == word);
        Some((program?, port.parse().ok()?))
    };
    text.lines().map(line).collect()
}

fn choose_ports(arguments: &Arguments) -> Result<Vec<(Program, u16)>> {
    let mut ports = Vec::new();
    let counts =
        [(Program::Server, 1 + arguments.replicas), (Program::Sentinel, arguments.sentinels)];
    for (program, count) in counts {
        for at in 0..count {
            let above = if program == Program::Sentinel { ABOVE } else { 0 };
            let port = match arguments.port {
                Some(first) => first + above + at as u16,
                None => net::free_port().context("no port is free")?,
            };
            ports.push((program, port));
        }
    }
    Ok(ports)
}

fn server_config(arguments: &Arguments, port: u16, master: u16, folder: &Path) -> String {
    let folder = folder.display();
    let mut text = format!(
        "port {port}\nbind 127.0.0.1\ndir \"{folder}\"\nlogfile \"{folder}/log\"\nrepl-diskless-sync-delay 0\n"
    );
    if !arguments.password.is_empty() {
        let password = &arguments.password;
        text.push_str(&format!("requirepass \"{password}\"\nmasterauth \"{password}\"\n"));
    }
    if port != master {
        text.push_str(&format!("replicaof 127.0.0.1 {master}\n"));
    }
    text
}

fn sentinel_config(arguments: &Arguments, port: u16, master: u16, folder: &Path) -> String {
    let (folder, down_after_ms) = (folder.display(), arguments.down_after_ms);
    let quorum = arguments.sentinels / 2 + 1;
    let mut text = format!(
        "port {port}\nbind 127.0.0.1\ndir \"{folder}\"\nlogfile \"{folder}/log\"\n\
         sentinel monitor {NAME} 127.0.0.1 {master} {quorum}\n\
         sentinel down-after-milliseconds {NAME} {down_after_ms}\n\
         sentinel failover-timeout {NAME} 60000\n"
    );
    if !arguments.password.is_empty() {
        let password = &arguments.password;
        text.push_str(&format!(
            "requirepass \"{password}\"\nsentinel auth-pass {NAME} \"{password}\"\n"
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_members_is_read_again() {
        let members = read_members(b"server 7000\nserver 7001\nsentinel 27000\n");
        let want = [(Program::Server, 7000), (Program::Server, 7001), (Program::Sentinel, 27_000)];
        assert_eq!(members.as_deref(), Some(&want[..]));
        for damaged in [&b"server"[..], b"server x\n", b"king 1\n", b"\xff"] {
            assert_eq!(read_members(damaged), None);
        }
    }
}
