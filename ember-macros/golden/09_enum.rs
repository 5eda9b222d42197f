//! An enum that travels, with a parameter.

#[message]
pub enum Command<T> {
    Look,
    Keep(T),
    Move(i32, i32),
    #[serde(rename = "sell")]
    Sell {
        what: Vec<T>,
        #[serde(with = "price")]
        price: Price,
    },
}
