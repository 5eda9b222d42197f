//! The beginning of the file: that it is one, its version, and of which run of the machine.
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | `EMBERREG` |
//! | 4 | the version |
//! | 1 | the length of the next |
//! | … | the run of the machine |
//! | 4 | the checksum of all these |

use std::{
    fs,
    io::{self, Read},
};

use super::checksum;

const MAGIC: [u8; 8] = *b"EMBERREG";
/// Of what follows. Raised with each change of it: a process of another release starts empty, and says so.
pub(super) const VERSION: u32 = 1;

/// What stands at the beginning of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// A head of this version, of this run of the machine, so many bytes long.
    Own {
        boot: String,
        length: u64,
    },
    Version(u32),
    Foreign,
    Damaged,
}

/// Which run of the machine this is. `None`: this system does not say.
pub(in super::super) fn boot_id() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let id = id.trim();
    (!id.is_empty() && id.len() <= usize::from(u8::MAX)).then(|| id.to_owned())
}

pub(super) fn write(boot: &str) -> Vec<u8> {
    let boot = &boot.as_bytes()[..boot.len().min(usize::from(u8::MAX))];
    let length = u8::try_from(boot.len()).unwrap_or(u8::MAX);
    let mut head = [&MAGIC[..], &VERSION.to_le_bytes(), &[length], boot].concat();
    head.extend(checksum::of(&head).to_le_bytes());
    head
}

pub(super) fn read(from: &mut impl Read) -> io::Result<Head> {
    let mut head = Vec::new();
    if from.take(13).read_to_end(&mut head)? < 13 {
        let known = head.len().min(MAGIC.len());
        return Ok(if head[..known] == MAGIC[..known] { Head::Damaged } else { Head::Foreign });
    }
    if head[..8] != MAGIC {
        return Ok(Head::Foreign);
    }
    let version = [head[8], head[9], head[10], head[11]];
    let version = u32::from_le_bytes(version);
    if version != VERSION {
        return Ok(Head::Version(version));
    }
    let rest = u64::from(head[12]) + 4;
    if from.take(rest).read_to_end(&mut head)? as u64 != rest {
        return Ok(Head::Damaged);
    }
    let Some((said, sum)) = head.split_last_chunk() else { return Ok(Head::Damaged) };
    if checksum::of(said) != u32::from_le_bytes(*sum) {
        return Ok(Head::Damaged);
    }
    let length = head.len() as u64;
    Ok(String::from_utf8(said[13..].to_vec()).map_or(Head::Damaged, |boot| Head::Own { boot, length }))
}
