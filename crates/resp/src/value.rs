//! A reply that was read, as a tree.

/// Any reply of RESP2 or RESP3.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `+`.
    Simple(Vec<u8>),
    /// `-` and `!`, without the sign.
    Error(Vec<u8>),
    /// `:`.
    Int(i64),
    /// `$`.
    Bulk(Vec<u8>),
    /// `$-1`, `*-1` or `_`.
    Null,
    /// `*`.
    Array(Vec<Value>),
    /// `%`.
    Map(Vec<(Value, Value)>),
    /// `~`.
    Set(Vec<Value>),
    /// `>`.
    Push(Vec<Value>),
    /// `,`, as it was written.
    Double(Vec<u8>),
    /// `#`.
    Bool(bool),
    /// `(`, as it was written.
    BigNumber(Vec<u8>),
    /// `=`, with its format.
    Verbatim([u8; 3], Vec<u8>),
}

impl Value {
    /// The bytes of a simple or bulk string.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Value::Simple(bytes) | Value::Bulk(bytes) | Value::Verbatim(_, bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The text of any string or error, with what is not UTF-8 replaced.
    pub fn text(&self) -> String {
        match self {
            Value::Error(bytes) | Value::Double(bytes) | Value::BigNumber(bytes) => {
                String::from_utf8_lossy(bytes).into_owned()
            }
            Value::Int(value) => value.to_string(),
            other => other
                .as_bytes()
                .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
                .unwrap_or_default(),
        }
    }

    /// True for an error reply.
    pub fn is_error(&self) -> bool {
        matches!(self, Value::Error(_))
    }
}
