//! The system's log, for `syslog-enabled`.

use std::ffi::CString;

/// How loud a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// LOG_DEBUG.
    Debug,
    /// LOG_INFO.
    Info,
    /// LOG_NOTICE.
    Notice,
    /// LOG_WARNING.
    Warning,
}

/// Opens the log under the name `ident` at a facility such as `local0` or `user`; an unknown one is `local0`.
pub fn open(ident: &str, facility: &str) {
    let facility = match facility.to_ascii_lowercase().as_str() {
        "user" => libc::LOG_USER,
        "local1" => libc::LOG_LOCAL1,
        "local2" => libc::LOG_LOCAL2,
        "local3" => libc::LOG_LOCAL3,
        "local4" => libc::LOG_LOCAL4,
        "local5" => libc::LOG_LOCAL5,
        "local6" => libc::LOG_LOCAL6,
        "local7" => libc::LOG_LOCAL7,
        _ => libc::LOG_LOCAL0,
    };
    let ident = CString::new(ident.replace('\0', "")).unwrap_or_default();
    // `openlog` keeps the pointer, so the name must live as long as the process.
    let ident = ident.into_raw();
    // SAFETY: `ident` ends with a zero and is never freed.
    unsafe { libc::openlog(ident, libc::LOG_PID | libc::LOG_NDELAY | libc::LOG_NOWAIT, facility) };
}

/// Writes one line.
pub fn write(priority: Priority, text: &str) {
    let priority = match priority {
        Priority::Debug => libc::LOG_DEBUG,
        Priority::Info => libc::LOG_INFO,
        Priority::Notice => libc::LOG_NOTICE,
        Priority::Warning => libc::LOG_WARNING,
    };
    let text = CString::new(text.replace('\0', "?")).unwrap_or_default();
    // SAFETY: the format takes exactly one string, and `text` is one that ends with a zero.
    unsafe { libc::syslog(priority, c"%s".as_ptr(), text.as_ptr()) };
}
