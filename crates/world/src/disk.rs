//! Files as a machine asks for them: a handful of operations, each with its failure.

use std::fmt;

/// An open file, numbered by the machine that opened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u64);

/// One operation. Paths are relative to the working folder unless they begin with a slash.
#[derive(Debug)]
pub enum DiskOp {
    /// Opens for reading; answers `Opened` with the length.
    Open { file: FileId, path: String },
    /// Creates, or truncates, for writing.
    Create { file: FileId, path: String },
    /// Opens for appending, creating it where absent; answers `Opened` with the length.
    OpenAppend { file: FileId, path: String },
    /// Opens a file that is there for reading and for `WriteAt`; answers `Opened` with the length.
    Update { file: FileId, path: String },
    /// Reads up to `len` bytes at `offset`; answers `Bytes`, fewer at the end of the file.
    Read { file: FileId, offset: u64, len: usize },
    /// Appends.
    Append { file: FileId, bytes: Vec<u8> },
    /// Writes at `offset`, over what is there. A power failure before the next `Sync` may leave any of it old, new or
    /// torn, and nothing beside it touched.
    WriteAt { file: FileId, offset: u64, bytes: Vec<u8> },
    /// Cuts to `len` bytes.
    Truncate { file: FileId, len: u64 },
    /// Lets what was written begin its way to the device: the `Sync` at the end finds less to do.
    WriteOut { file: FileId },
    /// Makes what was written survive a power failure.
    Sync { file: FileId },
    /// Closes; the number is free again.
    Close { file: FileId },
    /// Renames over whatever has the new name, and syncs the folder.
    Rename { from: String, to: String },
    /// Removes a file; one that is not there is no error.
    Remove { path: String },
    /// Writes a whole file anew: a temporary neighbour, synced, renamed over it, folder synced.
    Replace { path: String, bytes: Vec<u8> },
    /// Reads a whole file; answers `Bytes`.
    Slurp { path: String },
    /// Succeeds if there is such a file and the process may execute it.
    Runnable { path: String },
    /// Makes this the working folder of the process.
    ChangeDir { path: String },
}

/// What an operation that succeeded brings back.
#[derive(Debug, PartialEq, Eq)]
pub enum DiskReply {
    /// Nothing but success.
    Done,
    /// The file's length, from an operation that opens.
    Opened { len: u64 },
    /// What was read.
    Bytes(Vec<u8>),
}

/// Why an operation failed, as far as policy cares, with the system's words for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskError {
    /// What policy decides by.
    pub kind: DiskErrorKind,
    /// The system's own sentence, such as `No such file or directory`.
    pub text: String,
}

/// The failures that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskErrorKind {
    /// There is no such file or folder.
    NotFound,
    /// The disk is full, or a quota is.
    NoSpace,
    /// Not allowed.
    Denied,
    /// Anything else.
    Other,
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
