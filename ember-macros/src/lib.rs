//! The attributes of Ember.
