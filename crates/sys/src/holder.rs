//! Which process holds a TCP port of this machine, as far as the system lets us see.

use std::fs;

/// A process that listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// How it was called: its command line, or its name where it has none.
    pub program: String,
    /// The folder that it works in, if that can be read.
    pub folder: Option<std::path::PathBuf>,
}

/// The process that listens on `port`. None where nobody does, where it is another user's, or on a system without
/// `/proc`.
pub fn of_port(port: u16) -> Option<Holder> {
    let sockets = listeners(port);
    if sockets.is_empty() {
        return None;
    }
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut pids = processes.filter_map(|it| it.file_name().to_str()?.parse::<u32>().ok());
    pids.find(|pid| holds(*pid, &sockets)).map(describe)
}

/// Whether anybody listens on `port`, as far as `/proc` tells. A port may be taken all the same: by a connection that
/// goes out from it, or by what is left of one for a minute.
pub fn is_listened(port: u16) -> bool {
    !listeners(port).is_empty()
}

/// The sockets that listen on `port`, by the names that processes have for them.
fn listeners(port: u16) -> Vec<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| fs::read_to_string(path).ok());
    let lines = tables.iter().flatten().flat_map(|table| table.lines());
    let inodes = lines.filter_map(|line| listener(line, port));
    inodes.map(|inode| format!("socket:[{inode}]")).collect()
}

/// The inode of the socket that a line of `/proc/net/tcp` tells of, if it listens on `port`.
fn listener(line: &str, port: u16) -> Option<&str> {
    const LISTENS: &str = "0A";
    let mut fields = line.split_whitespace().skip(1);
    let (_, local) = fields.next()?.rsplit_once(':')?;
    let is_it = u16::from_str_radix(local, 16) == Ok(port) && fields.nth(1)? == LISTENS;
    if is_it { fields.nth(5) } else { None }
}

fn holds(pid: u32, sockets: &[String]) -> bool {
    let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    files
        .flatten()
        .filter_map(|it| fs::read_link(it.path()).ok())
        .any(|target| sockets.iter().any(|socket| target.as_os_str() == socket.as_str()))
}

fn describe(pid: u32) -> Holder {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let line = String::from_utf8_lossy(&line).replace('\0', " ").trim().to_owned();
    let name = || fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let program = if line.is_empty() { name().trim().to_owned() } else { line };
    Holder { pid, program, folder: fs::read_link(format!("/proc/{pid}/cwd")).ok() }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_holder_of_a_port_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let holder = of_port(port).expect("we hold it");
        assert_eq!(holder.pid, std::process::id());
        assert!(holder.program.contains("sys-"), "{holder:?}");
        assert_eq!(holder.folder, std::env::current_dir().ok());
        drop(listener);
        assert_eq!(of_port(port), None);
    }
}
