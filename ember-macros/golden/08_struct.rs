//! A struct that travels.

/// What is sold.
#[message]
#[derive(Debug, Clone)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// By its number.
    pub item_number: u32,
    #[serde(rename = "label", default)]
    pub name: Option<String>,
    #[serde(skip)]
    seen: bool,
}
