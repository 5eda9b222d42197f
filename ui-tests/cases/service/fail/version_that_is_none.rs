use ember::prelude::*;

#[service(version = "latest")]
pub struct Player;

#[service(version = "1.2")]
pub struct Bank;

#[service(version = "")]
pub struct Shop;

fn main() {}
