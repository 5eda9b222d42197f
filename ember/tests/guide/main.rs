//! The guide holds together: what it shows is compiled, run or looked up.

mod book;
mod commands;
mod excerpts;
mod pages;
mod words;
