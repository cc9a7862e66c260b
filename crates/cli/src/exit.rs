//! How a program ends before its time: with a status, what there was to say having been said.

/// The status to end with. It travels as an error, so that `?` ends the program from any depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exit(pub(crate) u8);

/// Something, or the end of the program.
pub(crate) type Result<T> = std::result::Result<T, Exit>;

/// Says `message` on standard error and fails.
pub(crate) fn fail<T>(message: impl AsRef<str>) -> Result<T> {
    sys::complain!("{}", message.as_ref());
    Err(Exit(1))
}
