//! Examples of Ember: each folder is one program, and one idea. See the `README.md` beside this file.
