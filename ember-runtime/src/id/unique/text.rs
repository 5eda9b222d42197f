//! How an id looks: decimal text where people and JavaScript read, a number elsewhere.

use std::{fmt, num::IntErrorKind, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::layout::UniqueId;

/// Behind the last.
const WRONG: &str = "it is above 2⁶³, and no unique id: those are below";

impl fmt::Display for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.number(), f)
    }
}

impl fmt::Debug for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no [`UniqueId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no unique id: {why}")]
pub struct UniqueIdError {
    text: String,
    why: &'static str,
}

impl FromStr for UniqueId {
    type Err = UniqueIdError;

    /// Reads the decimal number that `Display` writes.
    fn from_str(text: &str) -> Result<Self, UniqueIdError> {
        let wrong = |why| UniqueIdError { text: text.chars().take(40).collect(), why };
        if text.starts_with('+') {
            return Err(wrong("it is a decimal number without a sign"));
        }
        let number: u64 = text.parse().map_err(|error: std::num::ParseIntError| match error.kind() {
            IntErrorKind::PosOverflow => wrong(WRONG),
            _ => wrong("it is a decimal number without a sign"),
        })?;
        Self::from_number(number).ok_or_else(|| wrong(WRONG))
    }
}

impl Serialize for UniqueId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_u64(self.number())
        }
    }
}

impl<'de> Deserialize<'de> for UniqueId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(TextOrNumber)
        } else {
            Self::from_number(u64::deserialize(deserializer)?).ok_or_else(|| de::Error::custom(WRONG))
        }
    }
}

struct TextOrNumber;

impl de::Visitor<'_> for TextOrNumber {
    type Value = UniqueId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a unique id: a decimal number, as text or as it is")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<UniqueId, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<UniqueId, E> {
        UniqueId::from_number(number).ok_or_else(|| E::custom(WRONG))
    }

    /// As formats hand over a number that know no other, such as TOML.
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<UniqueId, E> {
        let number = u64::try_from(number).map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))?;
        self.visit_u64(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> UniqueId {
        UniqueId::from_number(number).unwrap()
    }

    #[test]
    fn it_is_text_in_json_and_is_read_from_a_number_too() {
        let large = id(i64::MAX as u64);
        assert_eq!(serde_json::to_string(&large).unwrap(), "\"9223372036854775807\"");
        assert_eq!(serde_json::from_str::<UniqueId>("\"9223372036854775807\"").unwrap(), large);
        assert_eq!(serde_json::from_str::<UniqueId>("9223372036854775807").unwrap(), large);
        for wrong in ["9223372036854775808", "\"9223372036854775808\"", "-1", "1.5", "\"\"", "\"+1\"", "null"] {
            serde_json::from_str::<UniqueId>(wrong).unwrap_err();
        }
    }

    #[test]
    fn a_format_without_unsigned_numbers_is_read() {
        let read = |number: i64| UniqueId::deserialize(de::value::I64Deserializer::<de::value::Error>::new(number));
        assert_eq!(read(300), Ok(id(300)));
        assert_eq!(read(i64::MAX), Ok(id(i64::MAX as u64)));
        read(-1).unwrap_err();
    }

    #[test]
    fn it_is_a_number_on_the_wire() {
        let bytes = postcard::to_stdvec(&id(300)).unwrap();
        assert_eq!(bytes, postcard::to_stdvec(&300_u64).unwrap());
        assert_eq!(postcard::from_bytes::<UniqueId>(&bytes).unwrap(), id(300));
        let none = postcard::to_stdvec(&u64::MAX).unwrap();
        postcard::from_bytes::<UniqueId>(&none).unwrap_err();
    }

    #[test]
    fn a_text_that_is_none_says_why() {
        assert_eq!("300".parse(), Ok(id(300)));
        assert_eq!(id(300).to_string(), "300");
        let said = |text: &str| text.parse::<UniqueId>().unwrap_err().to_string();
        assert!(said("a7").contains("`a7`") && said("a7").contains("decimal"));
        assert!(said("99999999999999999999").contains("2⁶³"));
    }
}
