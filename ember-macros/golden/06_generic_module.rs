//! A module with a parameter.

#[module]
pub struct Cache<K: ModuleKey, V> {
    entries: BTreeMap<K, V>,
}

#[rpc]
impl<K: ModuleKey, V: Message + Clone> Cache<K, V> {
    pub async fn rpc_count(&mut self) -> usize {
        self.entries.len()
    }
}
