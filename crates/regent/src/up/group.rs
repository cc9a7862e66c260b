//! The members, their ports and their files. What a group was is kept in its folder, so that it goes on from there.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use client::field;
use sys::{clock, file, holder, net};

use super::arguments::Arguments;
use super::history::{self, Held};
use super::member::{self, Member, Program};
use super::out::Out;
use super::settings;

/// The name that Sentinels watch.
pub(super) const NAME: &str = "mymaster";
/// How long replicas may take to be linked, and Sentinels to know each other.
const PATIENCE_MS: u64 = 30_000;
/// How long a port may be used by a connection. What is left of one that has ended is there for a minute.
const PORT_MS: u64 = 70_000;
/// Sentinels listen so far above the servers, as 26379 is above 6379.
pub(super) const ABOVE: u16 = 20_000;
/// The file that names the members, below the group's folder.
const MEMBERS: &str = "members";
/// The file that a running group holds.
const LOCK: &str = "lock";

/// All of them, the servers first.
pub(super) struct Group {
    pub(super) members: Vec<Member>,
    pub(super) out: Out,
    folder: PathBuf,
    pub(super) is_temporary: bool,
    /// It was there before.
    pub(super) goes_on: bool,
    /// What clients have to say.
    pub(super) password: String,
    _lock: Option<file::Lock>,
}

impl Group {
    /// The group that is kept in the folder, or a new one. Nothing runs yet.
    pub(super) fn find(
        arguments: &Arguments,
        out: Out,
        stopped: &mut impl FnMut() -> bool,
    ) -> Result<Group> {
        let is_temporary = arguments.folder.is_none();
        let folder = match &arguments.folder {
            Some(folder) => file::absolute(folder),
            None => std::env::temp_dir().join(format!("regent-up-{}", sys::facts::pid())),
        };
        let kept = file::slurp(folder.join(MEMBERS)).ok();
        let goes_on = kept.is_some();
        let ports = match kept {
            Some(text) => read_members(&text).context("the folder's list of members is damaged")?,
            None => choose_ports(arguments)?,
        };
        if goes_on {
            refuse_running(&folder, &ports)?;
        }
        for (program, port) in &ports {
            refuse_taken(*program, *port, &out, stopped)?;
        }
        file::create_private_folders(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let lock = file::lock(folder.join(LOCK))
            .with_context(|| format!("cannot write to {}", folder.display()))?;
        if lock.is_none() {
            bail!("the group in {} is being started by another regent up", folder.display());
        }
        let password = arguments.password().to_owned();
        let mut group = Group {
            members: Vec::new(),
            out,
            folder,
            is_temporary,
            goes_on,
            password,
            _lock: lock,
        };
        if goes_on {
            group.recall(arguments, &ports)?;
        } else {
            group.create(arguments, &ports)?;
        }
        Ok(group)
    }

    /// Writes the files of a new group.
    fn create(&mut self, arguments: &Arguments, ports: &[(Program, u16)]) -> Result<()> {
        let (_, master) = *ports.first().context("a group without a server")?;
        for (program, port) in ports {
            let member = Member::new(*program, *port, &self.folder, &self.password);
            member.configure(|folder| match program {
                Program::Server => settings::server(arguments, *port, master, folder),
                Program::Sentinel => settings::sentinel(arguments, *port, master, folder),
            })?;
            self.members.push(member);
        }
        let line = |(program, port): &(Program, u16)| format!("{} {port}\n", program.word());
        let text: String = ports.iter().map(line).collect();
        file::replace(self.folder.join(MEMBERS), text.as_bytes())
            .with_context(|| format!("cannot write to {}", self.folder.display()))
    }

    /// Finds the members that were, and says what of the arguments comes too late for them.
    fn recall(&mut self, arguments: &Arguments, ports: &[(Program, u16)]) -> Result<()> {
        let (folder, out) = (self.folder.display().to_string(), self.out.clone());
        out.say(&format!("Going on with the group in {folder}"));
        let late = arguments.only_for_a_new_group();
        if !late.is_empty() {
            let late = late.join(", ");
            out.say(&format!("Not obeyed, since the group is there already: {late}"));
        }
        let kept = ports.first().and_then(|(program, port)| {
            let file = Member::new(*program, *port, &self.folder, "").file();
            settings::value(&file::slurp(file).ok()?, "requirepass")
        });
        let kept = kept.unwrap_or_default();
        match &arguments.password {
            Some(given) if *given != kept => bail!(
                "the group in {folder} has {}; start it without --password",
                if kept.is_empty() {
                    "no password"
                } else {
                    "another password, which its files keep"
                }
            ),
            None if !kept.is_empty() => out.say("Its password is taken from its files."),
            _ => {}
        }
        self.password = kept;
        let mut exposed = 0;
        for (program, port) in ports {
            let member = Member::new(*program, *port, &self.folder, &self.password);
            if file::slurp(member.file()).is_err() {
                bail!(
                    "{} has lost its configuration, {}",
                    member.called(),
                    member.file().display()
                );
            }
            exposed += usize::from(file::is_readable_by_others(member.file()).unwrap_or(false));
            member.configure(|_| Vec::new())?;
            self.members.push(member);
        }
        if exposed > 0 && !self.password.is_empty() {
            out.say(&format!(
                "{exposed} files with the password could be read by other users; now they cannot."
            ));
        }
        Ok(())
    }

    /// Starts the master, and once it has its data the others: a replica gives up what it has for what its master has.
    pub(super) fn start(&mut self, stopped: &mut impl FnMut() -> bool) -> Result<()> {
        let master = if self.goes_on { self.choose_master() } else { 0 };
        let port = self.members[master].port.to_string();
        self.members[master].start(&["--replicaof", "no", "one"])?;
        self.members[master].wait(stopped)?;
        for at in 0..self.members.len() {
            let member = &mut self.members[at];
            match member.program {
                _ if at == master || stopped() => {}
                Program::Server => member.start(&["--replicaof", "127.0.0.1", &port])?,
                Program::Sentinel => member.start(&[])?,
            }
        }
        Ok(())
    }

    /// Which server of a group that was stopped begins as the master. The Sentinels' files are made to name it.
    fn choose_master(&mut self) -> usize {
        let files: Vec<(Program, u16, Vec<u8>)> = (self.members.iter())
            .map(|it| (it.program, it.port, file::slurp(it.file()).unwrap_or_default()))
            .collect();
        let servers = || files.iter().filter(|(program, ..)| *program == Program::Server);
        let watched = files.iter().filter(|(program, ..)| *program == Program::Sentinel);
        let watched = watched.filter_map(|(_, _, text)| settings::watched(text)).max();
        let last = match watched {
            Some((_, port)) => servers().position(|(_, it, _)| *it == port),
            None => servers().position(|(_, _, text)| !settings::is_replica(text)),
        };
        let held: Vec<Held> = (self.members.iter())
            .filter(|it| it.program == Program::Server)
            .map(|it| history::read(&it.snapshot()))
            .collect();
        let master = history::choose(&held, last);
        let port = self.members[master].port;
        if let Some(last) = last.filter(|last| *last != master) {
            self.out.say(&format!(
                "The server on port {port} begins as the master: it has more than the last master, on port {}.",
                self.members[last].port
            ));
        }
        for (at, other) in held.iter().enumerate().filter(|(at, _)| *at != master) {
            if other.has_data && other.id != held[master].id {
                self.out.say(&format!(
                    "The server on port {} has another history; it becomes a replica and takes over the master's data.",
                    self.members[at].port
                ));
            }
        }
        for (member, (program, _, text)) in self.members.iter().zip(&files) {
            if *program == Program::Sentinel
                && settings::watched(text).is_some_and(|it| it.1 != port)
            {
                // One that still names the old master learns of the new one from its peers.
                let _ = file::replace(member.file(), &settings::watch_another(text, port));
            }
        }
        master
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

    /// Removes what was only for now.
    pub(super) fn clear(&mut self) {
        if self.is_temporary {
            // What cannot be removed stays in the temporary folder, where somebody will.
            let _ = file::remove_folder(&self.folder);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Nothing is left to do where it was stopped; this is the end after an error.
        super::stop::run(self, &mut || false);
    }
}

/// Two of them would start each other's members.
fn refuse_running(folder: &Path, ports: &[(Program, u16)]) -> Result<()> {
    for (program, port) in ports {
        let ours = Member::new(*program, *port, folder, "");
        let Some(holder) = holder::of_port(*port) else { continue };
        if holder.folder.as_deref() == Some(ours.folder()) {
            bail!(
                "the group in {} runs already: {} is process {}",
                folder.display(),
                ours.called(),
                holder.pid
            );
        }
    }
    Ok(())
}

/// A port where somebody answers would be taken for a member of ours. One that only a connection goes out from, as it
/// may where the system gives such ports away, is waited for: it is free again in a minute at the latest once that ends.
fn refuse_taken(
    program: Program,
    port: u16,
    out: &Out,
    stopped: &mut impl FnMut() -> bool,
) -> Result<()> {
    let name = program.name();
    let address = net::bind_address("127.0.0.1", port).context("127.0.0.1 is an address")?;
    let begin = clock::instant();
    let mut is_said = false;
    loop {
        match net::Listener::tcp(address, 1) {
            Ok(_) => return Ok(()),
            Err(_) if stopped() => bail!("stopped before port {port} was free for the {name}"),
            Err(_) if holder::is_listened(port) => {
                bail!("{}, and the {name} needs it", member::who_holds(port))
            }
            Err(error) if error.is_taken() && clock::instant().ms_since(begin) < PORT_MS => {
                if !is_said {
                    out.say(&format!(
                        "Waiting for port {port}, which the {name} needs: a connection of another program uses it."
                    ));
                }
                is_said = true;
            }
            Err(error) => bail!("the {name} cannot listen on port {port}: {error}"),
        }
        sys::thread::sleep(std::time::Duration::from_millis(100));
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
    let mut ports: Vec<(Program, u16)> = Vec::new();
    let counts =
        [(Program::Server, 1 + arguments.replicas()), (Program::Sentinel, arguments.sentinels())];
    for (program, count) in counts {
        for at in 0..count {
            let above = if program == Program::Sentinel { ABOVE } else { 0 };
            let port = match arguments.port {
                Some(first) => first + above + at as u16,
                None => {
                    let chosen: Vec<u16> = ports.iter().map(|(_, port)| *port).collect();
                    net::lasting_port(&chosen).context("no port is free")?
                }
            };
            ports.push((program, port));
        }
    }
    Ok(ports)
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
