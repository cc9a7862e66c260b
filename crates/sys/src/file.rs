//! Files, and what it takes for them to survive a power failure.

use std::ffi::CString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// An open file.
#[derive(Debug)]
pub struct File(fs::File);

impl File {
    /// Marks an open file as one that somebody writes, until it is closed or the process ends. False where somebody else
    /// has marked it.
    pub fn claim(&self) -> bool {
        // SAFETY: the descriptor is open as long as we are.
        unsafe { libc::flock(self.0.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) == 0 }
    }

    /// How long ago it was last written to, in seconds.
    pub fn age_secs(&self) -> io::Result<u64> {
        let written = self.0.metadata()?.modified()?;
        Ok(written.elapsed().unwrap_or_default().as_secs())
    }

    /// Opens for reading.
    pub fn open(path: impl AsRef<Path>) -> io::Result<File> {
        fs::File::open(path).map(File)
    }

    /// Creates, or empties, for writing.
    pub fn create(path: impl AsRef<Path>) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path).map(File)
    }

    /// Opens for appending, creating it where absent.
    pub fn open_append(path: impl AsRef<Path>) -> io::Result<File> {
        OpenOptions::new().read(true).append(true).create(true).open(path).map(File)
    }

    /// Opens a file that is there for reading and writing in place.
    pub fn open_update(path: impl AsRef<Path>) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(path).map(File)
    }

    /// Its length in bytes.
    pub fn len(&self) -> io::Result<u64> {
        self.0.metadata().map(|metadata| metadata.len())
    }

    /// True if there is nothing in it.
    pub fn is_empty(&self) -> io::Result<bool> {
        self.len().map(|len| len == 0)
    }

    /// Up to `len` bytes at `offset`, fewer only at the end.
    pub fn read_at(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        // A length that comes from a damaged file must not make us ask for memory that is never filled.
        let left = self.len()?.saturating_sub(offset);
        let mut bytes = vec![0; len.min(usize::try_from(left).unwrap_or(usize::MAX))];
        let mut filled = 0;
        while filled < bytes.len() {
            match self.0.read_at(&mut bytes[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// Writes all of `bytes` where the last write ended.
    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    /// Writes all of `bytes` at `offset`, over what is there.
    pub fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    /// Cuts to `len` bytes; the next write goes there.
    pub fn truncate(&mut self, len: u64) -> io::Result<()> {
        use std::io::Seek;
        self.0.set_len(len)?;
        self.0.seek(io::SeekFrom::Start(len)).map(drop)
    }

    /// Lets what was written begin its way to the device, without waiting for it to be there.
    pub fn write_out(&self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        {
            use std::os::fd::AsRawFd;
            let (file, whole) = (self.0.as_raw_fd(), 0);
            // SAFETY: plain call on a file that is open.
            let result =
                unsafe { libc::sync_file_range(file, 0, whole, libc::SYNC_FILE_RANGE_WRITE) };
            if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
        }
        #[cfg(not(target_os = "linux"))]
        self.sync()
    }

    /// Returns once what was written would survive a power failure.
    pub fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// A file that is read from its beginning to its end, be it one that has a length or a pipe.
#[derive(Debug)]
pub struct Reader(fs::File);

impl Reader {
    /// Opens for reading.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Reader> {
        fs::File::open(path).map(Reader)
    }
}

impl io::Read for Reader {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

/// The whole file.
pub fn slurp(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    fs::read(path)
}

/// Renames, and syncs the folder, so that the new name survives a power failure.
pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
    fs::rename(&from, &to)?;
    sync_folder(to.as_ref())
}

/// Removes a file; one that is not there is no error.
pub fn remove(path: impl AsRef<Path>) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Writes a whole file anew so that, whatever happens, either the old or the new one is there: a temporary
/// neighbour, synced, with the permissions of the old one, renamed over it.
pub fn replace(path: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
    // What a link points at is replaced, not the link.
    let path = fs::canonicalize(&path).unwrap_or_else(|_| path.as_ref().to_owned());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!("{name}-{}.tmp", std::process::id()));
    let write = || {
        let mut file = File::create(&temporary)?;
        let mode = fs::metadata(&path).map(|metadata| metadata.permissions());
        file.append(bytes)?;
        if let Ok(mode) = mode {
            file.0.set_permissions(mode)?;
        }
        file.0.sync_all()?;
        fs::rename(&temporary, &path)
    };
    write().inspect_err(|_| drop(remove(&temporary)))?;
    sync_folder(&path)
}

/// Makes a name in the folder of `path` survive a power failure.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    match fs::File::open(folder)?.sync_all() {
        // Some file systems have no such thing, and then there is nothing more to be had.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        result => result,
    }
}

/// Lets nobody but the user read a file that is there. What is no file, such as a device, stays as it is.
pub fn make_private(path: impl AsRef<Path>) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    match fs::metadata(&path)?.is_file() {
        true => fs::set_permissions(path, fs::Permissions::from_mode(0o600)),
        false => Ok(()),
    }
}

/// Creates a folder, and those it lies in.
pub fn create_folders(path: impl AsRef<Path>) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// As [`create_folders`], but those that are created are for the user alone.
pub fn create_private_folders(path: impl AsRef<Path>) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Lets nobody but the user look into a folder that is there.
pub fn make_folder_private(path: impl AsRef<Path>) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

/// True if others than the user may read the file.
pub fn is_readable_by_others(path: impl AsRef<Path>) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).map(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

/// A file that one process holds at a time, until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: fs::File,
}

/// Takes the lock that is the file at `path`, creating it where absent, and writes the number of this process into it.
/// None where another process has it.
pub fn lock(path: impl AsRef<Path>) -> io::Result<Option<Lock>> {
    use std::os::fd::AsRawFd;
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    // SAFETY: plain call on a file that is open.
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } != 0 {
        let error = io::Error::last_os_error();
        return if error.kind() == io::ErrorKind::WouldBlock { Ok(None) } else { Err(error) };
    }
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())?;
    Ok(Some(Lock { _file: file }))
}

/// Removes a folder with all that is in it.
pub fn remove_folder(path: impl AsRef<Path>) -> io::Result<()> {
    fs::remove_dir_all(path)
}

/// The files in a folder, by name, and how long each is. What else is in it is left out.
pub fn list(folder: impl AsRef<Path>) -> io::Result<Vec<(String, u64)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // It may be gone since.
        let Ok(about) = entry.metadata() else { continue };
        if about.is_file() {
            files.push((entry.file_name().to_string_lossy().into_owned(), about.len()));
        }
    }
    Ok(files)
}

/// A new file that a child may have as one of its standard streams.
pub fn create_for_child(path: impl AsRef<Path>) -> io::Result<Stdio> {
    fs::File::create(path).map(Stdio::from)
}

/// Whether there is such a file and the process may execute it.
pub fn runnable(path: impl AsRef<Path>) -> io::Result<()> {
    let path = CString::new(path.as_ref().as_os_str().as_bytes())?;
    // SAFETY: the path ends with a zero and lives as long as the call.
    match unsafe { libc::access(path.as_ptr(), libc::X_OK) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Makes `path` the working folder of the process.
pub fn change_dir(path: impl AsRef<Path>) -> io::Result<()> {
    std::env::set_current_dir(path)
}

/// The path from the root, without links or dots; as given where that cannot be had.
pub fn absolute(path: impl AsRef<Path>) -> PathBuf {
    let path = path.as_ref();
    if path.is_absolute() {
        return path.to_owned();
    }
    let here = std::env::current_dir().unwrap_or_default();
    let relative = path.strip_prefix("./").unwrap_or(path);
    here.join(relative)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_lock_has_one_holder_and_a_private_folder_one_reader() {
        let folder = std::env::temp_dir().join(format!("regent-file-{}", std::process::id()));
        let path = folder.join("inner").join("lock");
        create_private_folders(folder.join("inner")).expect("it can be created");
        let mode = fs::metadata(&folder).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let held = lock(&path).expect("it can be written");
        assert!(held.is_some());
        assert_eq!(
            slurp(&path).expect("it is there"),
            format!("{}\n", std::process::id()).as_bytes()
        );
        assert!(lock(&path).expect("it can be opened").is_none(), "it is held");
        drop(held);
        assert!(lock(&path).expect("it can be opened").is_some(), "it is free again");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("it is ours");
        assert!(is_readable_by_others(&path).expect("it is there"));
        make_private(&path).expect("it is ours");
        assert!(!is_readable_by_others(&path).expect("it is there"));
        remove_folder(&folder).expect("it is ours");
    }
}
