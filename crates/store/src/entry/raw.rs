//! The bytes of an entry: where its parts lie, read and written unchecked.

use std::alloc::{Layout, dealloc};
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use crate::value::kept::Kept;
use crate::value::text::Text;
use crate::{Hash, List, Set, Str, ValueRef, ZSet};

pub(super) const FORM_AT: usize = 0;
pub(super) const FLAGS_AT: usize = 1;
pub(super) const ACCESS_AT: usize = 2;
pub(super) const KEY_LEN_AT: usize = 5;
pub(super) const HEADER: usize = 6;
pub(super) const DEADLINE: usize = 8;
pub(super) const WIDE_LEN: usize = 4;
/// A key of so many bytes or more has its length in four bytes of its own.
pub(super) const WIDE: usize = 255;

/// What a long string takes here, watched or not.
pub(super) const LONG: usize = 24;
/// What a collection takes here.
pub(super) const COLLECTION: usize = 8;

// Whatever lies in an entry may lie at any address.
const _: () = {
    assert!(align_of::<List>() == 1 && size_of::<List>() == COLLECTION);
    assert!(align_of::<Set>() == 1 && size_of::<Set>() == COLLECTION);
    assert!(align_of::<Hash>() == 1 && size_of::<Hash>() == COLLECTION);
    assert!(align_of::<ZSet>() == 1 && size_of::<ZSet>() == COLLECTION);
    assert!(align_of::<Kept<Text>>() == 1 && size_of::<Kept<Text>>() <= LONG);
};

/// There is room for a deadline; it stays when the deadline goes.
pub(super) const FLAG_DEADLINE: u8 = 1;
/// The string was edited in place: OBJECT ENCODING says "raw" however short it is.
pub(super) const FLAG_EDITED: u8 = 2;

/// No deadline, where there is room for one.
pub(super) const NEVER: u64 = u64::MAX;

#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Form {
    Int,
    Inline,
    Long,
    List,
    Set,
    Hash,
    ZSet,
    /// A long string that snapshots may be reading.
    Text,
}

/// The address of an entry: all reading and writing of bytes. Whoever holds one knows that the entry is alive, and
/// when writing, that nobody else looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Raw(pub(super) NonNull<u8>);

impl Raw {
    // Every method reads or writes within the allocation that `Entry::build` made and laid out.

    #[inline(always)]
    pub(super) fn at(self, offset: usize) -> *mut u8 {
        // SAFETY: offsets are computed from the entry's own header and lie inside its allocation.
        unsafe { self.0.as_ptr().add(offset) }
    }

    #[inline(always)]
    pub(super) fn read<T: Copy>(self, offset: usize) -> T {
        // SAFETY: inside the allocation, and only used for the type that was written there; entries are packed, so
        // nothing is aligned.
        unsafe { self.at(offset).cast::<T>().read_unaligned() }
    }

    #[inline(always)]
    pub(super) fn write<T: Copy>(self, offset: usize, value: T) {
        // SAFETY: as in `read`.
        unsafe { self.at(offset).cast::<T>().write_unaligned(value) }
    }

    #[inline(always)]
    pub(super) fn form(self) -> Form {
        // SAFETY: `build` wrote a form, a byte of which every value written is valid.
        unsafe { self.at(FORM_AT).cast::<Form>().read() }
    }

    #[inline(always)]
    pub(super) fn flag(self, flag: u8) -> bool {
        self.read::<u8>(FLAGS_AT) & flag != 0
    }

    #[inline(always)]
    pub(super) fn key_span(self) -> (usize, usize) {
        let at = HEADER + if self.flag(FLAG_DEADLINE) { DEADLINE } else { 0 };
        let len = usize::from(self.read::<u8>(KEY_LEN_AT));
        if len < WIDE { (at, len) } else { (at + WIDE_LEN, self.read::<u32>(at) as usize) }
    }

    #[inline(always)]
    pub(super) fn payload_at(self) -> usize {
        let (at, len) = self.key_span();
        at + len
    }

    #[inline(always)]
    pub(super) fn key<'a>(self) -> &'a [u8] {
        let (at, len) = self.key_span();
        // SAFETY: the key's bytes, which never change; the caller chooses `'a` within the entry's life.
        unsafe { std::slice::from_raw_parts(self.at(at), len) }
    }

    pub(super) fn size(self) -> usize {
        let at = self.payload_at();
        at + match self.form() {
            Form::Inline => 1 + usize::from(self.read::<u8>(at)),
            // A text was long before, in the same block.
            Form::Long | Form::Text => LONG,
            Form::Int => 8,
            Form::List | Form::Set | Form::Hash | Form::ZSet => COLLECTION,
        }
    }

    pub(super) fn deadline(self) -> Option<u64> {
        if !self.flag(FLAG_DEADLINE) {
            return None;
        }
        let at = self.read::<u64>(HEADER);
        (at != NEVER).then_some(at)
    }

    pub(super) fn inline<'a>(self) -> &'a [u8] {
        let at = self.payload_at();
        // SAFETY: called for inline strings: a length byte, then so many bytes.
        unsafe { std::slice::from_raw_parts(self.at(at + 1), usize::from(self.read::<u8>(at))) }
    }

    /// Where a collection or a watched string is.
    #[inline(always)]
    pub(super) fn payload<T>(self) -> *mut T {
        self.at(self.payload_at()).cast()
    }

    /// Moves something in, over bytes that own nothing.
    pub(super) fn put<T>(self, offset: usize, value: T) {
        // SAFETY: inside the allocation; entries are packed, so nothing is aligned.
        unsafe { self.at(offset).cast::<T>().write_unaligned(value) }
    }

    /// The long string. It must be forgotten or written back, not dropped, unless the entry dies.
    pub(super) fn long(self) -> ManuallyDrop<Vec<u8>> {
        let [start, len, room] = self.read::<[usize; 3]>(self.payload_at());
        // SAFETY: the parts of a vector taken apart by `set_long`.
        ManuallyDrop::new(unsafe {
            Vec::from_raw_parts(std::ptr::with_exposed_provenance_mut(start), len, room)
        })
    }

    pub(super) fn set_long(self, bytes: Vec<u8>) {
        let mut bytes = ManuallyDrop::new(bytes);
        let start = bytes.as_mut_ptr().expose_provenance();
        self.write(self.payload_at(), [start, bytes.len(), bytes.capacity()]);
    }

    pub(super) fn value<'a>(self) -> ValueRef<'a> {
        // SAFETY: the form says what the payload is, which lives as long as the entry and may lie at any address.
        unsafe {
            match self.form() {
                Form::Int => ValueRef::Str(Str::Int(self.read(self.payload_at()))),
                Form::Inline => ValueRef::Str(Str::Bytes(self.inline())),
                Form::Long => {
                    let bytes = self.long();
                    let bytes = std::slice::from_raw_parts(bytes.as_ptr(), bytes.len());
                    ValueRef::Str(Str::Bytes(bytes))
                }
                Form::Text => {
                    let text: &Kept<Text> = &*self.payload();
                    ValueRef::Str(Str::Bytes(text.bytes()))
                }
                Form::List => ValueRef::List(&*self.payload::<List>()),
                Form::Set => ValueRef::Set(&*self.payload::<Set>()),
                Form::Hash => ValueRef::Hash(&*self.payload::<Hash>()),
                Form::ZSet => ValueRef::ZSet(&*self.payload::<ZSet>()),
            }
        }
    }

    pub(super) fn access(self) -> u32 {
        let [a, b, c] = self.read::<[u8; 3]>(ACCESS_AT);
        u32::from_le_bytes([a, b, c, 0])
    }

    pub(super) fn set_access(self, access: u32) {
        let [a, b, c, _] = access.to_le_bytes();
        self.write(ACCESS_AT, [a, b, c]);
    }

    /// Frees the entry's own block, not what the payload owns.
    pub(super) fn free(self) {
        let layout = Layout::array::<u8>(self.size()).expect("it was allocated with this layout");
        // SAFETY: the block was allocated with this size, which its header tells, and nobody uses it any more.
        unsafe { dealloc(self.0.as_ptr(), layout) };
    }
}
