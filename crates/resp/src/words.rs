//! The words of a request, as slices of the buffer they arrived in: no copy and no allocation per word.

/// The longest word that a request may have, whatever `proto-max-bulk-len` says: what stores words counts their bytes
/// in 32 bits.
pub const WORD_BYTES_MAX: usize = u32::MAX as usize;

/// Where a word lies in its buffer. The buffer may be longer than 4 GiB, where the words together are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    start: usize,
    end: usize,
}

impl Span {
    /// The word from `start` up to `end`.
    pub fn new(start: usize, end: usize) -> Span {
        debug_assert!(start <= end);
        Span { start, end }
    }

    /// The same word after `count` bytes before it were dropped from the buffer.
    pub(crate) fn earlier(self, count: usize) -> Span {
        Span { start: self.start - count, end: self.end - count }
    }
}

/// The words of one request, the command's name first.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    bytes: &'a [u8],
    spans: &'a [Span],
}

impl<'a> Words<'a> {
    /// Words at `spans` of `bytes`.
    pub fn new(bytes: &'a [u8], spans: &'a [Span]) -> Words<'a> {
        Words { bytes, spans }
    }

    /// How many words there are, the name included.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// True where there is not even a name.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The word at `index`, if there are that many.
    pub fn get(&self, index: usize) -> Option<&'a [u8]> {
        self.spans.get(index).map(|span| &self.bytes[span.start..span.end])
    }

    /// The words from `index` on; none where there are fewer.
    pub fn from(&self, index: usize) -> Words<'a> {
        Words { bytes: self.bytes, spans: self.spans.get(index..).unwrap_or_default() }
    }

    /// The first `count` words.
    pub fn first(&self, count: usize) -> Words<'a> {
        Words { bytes: self.bytes, spans: &self.spans[..count.min(self.spans.len())] }
    }

    /// Each word in turn.
    pub fn iter(
        &self,
    ) -> impl DoubleEndedIterator<Item = &'a [u8]> + ExactSizeIterator + Clone + use<'a> {
        let bytes = self.bytes;
        self.spans.iter().map(move |span| &bytes[span.start..span.end])
    }

    /// Appends the request in its canonical form: an array of bulk strings.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut digits = itoa::Buffer::new();
        out.push(b'*');
        out.extend_from_slice(digits.format(self.len()).as_bytes());
        out.extend_from_slice(b"\r\n");
        for word in self.iter() {
            out.push(b'$');
            out.extend_from_slice(digits.format(word.len()).as_bytes());
            out.extend_from_slice(b"\r\n");
            out.extend_from_slice(word);
            out.extend_from_slice(b"\r\n");
        }
    }

    /// A copy that outlives the buffer.
    pub fn to_owned(&self) -> Owned {
        Owned::new(self.iter())
    }
}

impl std::ops::Index<usize> for Words<'_> {
    type Output = [u8];
    fn index(&self, index: usize) -> &[u8] {
        let span = self.spans[index];
        &self.bytes[span.start..span.end]
    }
}

impl std::fmt::Debug for Words<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter().map(String::from_utf8_lossy)).finish()
    }
}

/// Words that own their bytes, in two allocations: a queued command, a parked one, one to be propagated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owned {
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

impl Owned {
    /// Copies these words.
    pub fn new<T: AsRef<[u8]>>(words: impl IntoIterator<Item = T>) -> Owned {
        let mut owned = Owned::default();
        words.into_iter().for_each(|word| owned.push(word.as_ref()));
        owned
    }

    /// No words yet, but room for so many with so many bytes. None: there is no memory for them.
    pub fn with_room(bytes: usize, words: usize) -> Option<Owned> {
        let mut owned = Owned::default();
        owned.bytes.try_reserve_exact(bytes).ok()?;
        owned.spans.try_reserve_exact(words).ok()?;
        Some(owned)
    }

    /// Adds a word at the end.
    pub fn push(&mut self, word: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(word);
        self.spans.push(Span::new(start, self.bytes.len()));
    }

    /// The words, to be read.
    pub fn words(&self) -> Words<'_> {
        Words::new(&self.bytes, &self.spans)
    }

    /// How much memory the words take, in bytes.
    pub fn memory(&self) -> usize {
        self.bytes.capacity() + self.spans.capacity() * size_of::<Span>()
    }
}
