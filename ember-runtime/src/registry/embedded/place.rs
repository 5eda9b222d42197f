//! Where the socket of a cluster is, and whether that place is safe.

use std::{
    env,
    fs::{self, FileType},
    io::ErrorKind,
    os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
};

use crate::{
    id::fnv1a,
    registry::{RegistryError, api::Result},
};

/// The longest path of a socket, in bytes: 103 on macOS and the BSDs, 107 on Linux. The shorter goes everywhere.
const LONGEST: usize = 103;
/// The longest cluster name that is used as it is.
const LONGEST_NAME: usize = 32;

/// The socket of one cluster of one user, the lock that says who serves it, and the file in which that one keeps it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    folder: PathBuf,
    socket: PathBuf,
    lock: PathBuf,
    store: PathBuf,
}

impl Place {
    pub(super) fn find(folder: Option<&Path>, cluster: &str) -> Result<Self> {
        let folder = match folder {
            Some(folder) if folder.as_os_str().is_empty() => {
                return Err(RegistryError::Configuration(
                    "`Embedded::at(\"\")` names no folder: write its path, or take `Embedded::default()`".into(),
                ));
            }
            Some(folder) => std::path::absolute(folder).map_err(|error| {
                RegistryError::Configuration(format!("the folder `{}` cannot be used: {error}", folder.display()))
            })?,
            None => own_folder(env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from)),
        };
        let name = file_name(cluster);
        let socket = folder.join(format!("{name}.sock"));
        let length = socket.as_os_str().len();
        if length > LONGEST {
            return Err(RegistryError::Configuration(format!(
                "`{}` is too long for a socket ({length} bytes of {LONGEST}): use a shorter folder, with `Embedded::at(…)`",
                socket.display()
            )));
        }
        let [lock, store] = ["lock", "store"].map(|what| folder.join(format!("{name}.{what}")));
        Ok(Self { folder, socket, lock, store })
    }

    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    pub(super) fn lock(&self) -> &Path {
        &self.lock
    }

    pub(super) fn store(&self) -> &Path {
        &self.store
    }

    pub(super) fn endpoint(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    pub(super) fn etcdctl(&self) -> String {
        format!("etcdctl --endpoints='{}'", self.endpoint().replace('\'', r"'\''"))
    }

    /// Makes the folder, and refuses one in which another user could have put something, or something stands that is no file.
    pub(super) fn prepare(&self) -> Result<()> {
        let refuse = |why: String| {
            RegistryError::Configuration(format!(
                "the folder `{}` is not used for the embedded registry: {why}",
                self.folder.display()
            ))
        };
        match fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder) {
            // Whatever is there is looked at below.
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(refuse(format!(
                    "it cannot be created ({error}); give another one, with `Embedded::at(…)`"
                )));
            }
            _ => {}
        }
        let found = fs::symlink_metadata(&self.folder).map_err(|error| refuse(error.to_string()))?;
        let (owner, user) = (found.uid(), rustix::process::geteuid().as_raw());
        if !found.is_dir() {
            return Err(refuse("it is not a folder; give another path, with `Embedded::at(…)`".into()));
        }
        if owner != user {
            return Err(refuse(format!(
                "it belongs to user {owner}, not to {user}; remove it, or use `Embedded::at(…)`"
            )));
        }
        if found.mode() & 0o077 != 0 {
            let mode = found.mode() & 0o777;
            return Err(refuse(format!("others may enter it (mode {mode:04o}); run `chmod 700` on it")));
        }
        self.look_for_what_is_in_the_way()
    }

    /// What is no file can neither be locked nor read: opening a FIFO waits for whoever opens its other end.
    fn look_for_what_is_in_the_way(&self) -> Result<()> {
        let kind = |path| fs::symlink_metadata(path).ok().map(|found| found.file_type());
        let no_file = |kind: &FileType| !kind.is_file();
        let files = [
            (&self.lock, "lock file", kind(&self.lock).filter(no_file)),
            // One that was linked to another place is followed.
            (&self.store, "file", fs::metadata(&self.store).ok().map(|found| found.file_type()).filter(no_file)),
            // All else that has its name is taken away.
            (&self.socket, "socket", kind(&self.socket).filter(FileType::is_dir)),
        ];
        match files.into_iter().find_map(|(path, needs, kind)| Some((path, needs, kind?))) {
            Some((path, needs, kind)) => Err(RegistryError::Configuration(format!(
                "`{}` is {}, and the embedded registry needs that name for its {needs}: move it away, or give another folder, with `Embedded::at(…)`",
                path.display(),
                name_of(kind),
            ))),
            None => Ok(()),
        }
    }
}

fn name_of(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_symlink() {
        "a symbolic link"
    } else {
        "no regular file"
    }
}

fn own_folder(runtime: Option<PathBuf>) -> PathBuf {
    match runtime.filter(|path| path.is_absolute() && path.is_dir()) {
        Some(runtime) => runtime.join("ember"),
        None => format!("/tmp/ember-{}", rustix::process::geteuid().as_raw()).into(),
    }
}

/// A short name without odd characters; different clusters have different ones, also where case does not count. A hash
/// follows `~`, which a name that is used as it is cannot contain.
fn file_name(cluster: &str) -> String {
    let plain = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if !cluster.is_empty() && cluster.len() <= LONGEST_NAME && cluster.chars().all(|c| plain(&c)) {
        return cluster.into();
    }
    let readable: String = cluster.chars().filter(plain).take(12).collect();
    format!("{readable}~{:016x}", fnv1a(cluster))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn at(folder: &Path, cluster: &str) -> Place {
        Place::find(Some(folder), cluster).unwrap()
    }

    #[test]
    fn a_plain_name_is_used_as_it_is() {
        assert_eq!(at(Path::new("/run/x"), "shop-1").socket(), Path::new("/run/x/shop-1.sock"));
    }

    #[test]
    fn the_folder_follows_the_runtime_folder_of_the_user() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(own_folder(Some(root.path().into())), root.path().join("ember"));
        let fallback = own_folder(None);
        assert!(fallback.starts_with("/tmp") && fallback.to_string_lossy().contains("ember-"));
        for useless in ["", "relative", "/nowhere/at/all"] {
            assert_eq!(own_folder(Some(useless.into())), fallback, "{useless}");
        }
    }

    #[test]
    fn odd_and_long_names_stay_short_and_apart() {
        let names = ["", "Shop", "shop", "SHOP", "a/b", "a b", "..", "é", &"x".repeat(500), &"x".repeat(501)];
        let files: std::collections::BTreeSet<_> = names.iter().map(|name| file_name(name)).collect();
        assert_eq!(files.len(), names.len());
        for file in files {
            assert!(file.len() <= 32 && !file.contains(['/', '.', ' ']), "{file}");
        }
    }

    #[test]
    fn a_path_too_long_for_a_socket_is_refused() {
        let error = Place::find(Some(Path::new(&format!("/{}", "x".repeat(100)))), "c").unwrap_err();
        assert!(error.to_string().contains("shorter folder"), "{error}");
    }

    #[test]
    fn an_empty_path_is_refused_by_name() {
        let error = Place::find(Some(Path::new("")), "c").unwrap_err();
        assert!(error.to_string().contains("`Embedded::at(\"\")` names no folder"), "{error}");
    }

    #[test]
    fn the_folder_is_made_closed_to_others() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        at(&folder, "c").prepare().unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_folder_open_to_others_is_refused() {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let error = at(root.path(), "c").prepare().unwrap_err();
        assert!(error.to_string().contains("chmod 700"), "{error}");
    }

    #[test]
    fn a_link_to_a_folder_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let (real, link) = (root.path().join("real"), root.path().join("link"));
        fs::create_dir(&real).unwrap();
        symlink(&real, &link).unwrap();
        let error = at(&link, "c").prepare().unwrap_err();
        assert!(error.to_string().contains("not a folder; give another path"), "{error}");
    }

    #[test]
    fn a_file_in_the_way_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(at(&file, "c").prepare(), Err(RegistryError::Configuration(_))));
    }

    #[test]
    fn what_is_no_file_is_refused_by_its_path() {
        let fifo = |path: &Path| {
            let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
            assert!(made.success());
        };
        let folder = |path: &Path| fs::create_dir(path).unwrap();
        let link = |path: &Path| symlink("/nowhere", path).unwrap();
        type Make<'a> = &'a dyn Fn(&Path);
        let cases: [(&str, Make<'_>, &str); 6] = [
            ("lock", &folder, "a folder"),
            ("lock", &fifo, "a FIFO"),
            ("lock", &link, "a symbolic link"),
            ("store", &folder, "a folder"),
            ("store", &fifo, "a FIFO"),
            ("sock", &folder, "a folder"),
        ];
        for (what, make, is) in cases {
            let root = tempfile::tempdir().unwrap();
            fs::set_permissions(root.path(), fs::Permissions::from_mode(0o700)).unwrap();
            let place = at(root.path(), "c");
            place.prepare().unwrap();
            let path = root.path().join(format!("c.{what}"));
            make(&path);
            let error = place.prepare().unwrap_err().to_string();
            assert!(
                error.contains(&format!("`{}` is {is}", path.display())) && error.contains("move it away"),
                "{error}"
            );
        }
    }
}
