use std::fs;
use std::path::{Path, PathBuf};

/// Where device nodes are.
pub(super) const DEV: &str = "/dev";

/// Folders of stable names, below [`DEV`].
const STABLE: [&str; 2] = ["v4l/by-id", "v4l/by-path"];

/// The node that `name` stands for at this moment: a path is itself, anything else a stable name. None if there is
/// no such name.
pub(super) fn resolve(dev: &Path, name: &str) -> Option<PathBuf> {
    if name.starts_with('/') {
        return Some(name.into());
    }
    if name.is_empty() || name.contains('/') || name.starts_with('.') {
        return None;
    }
    STABLE
        .iter()
        .map(|folder| dev.join(folder).join(name))
        .find(|path| path.exists())
}

/// All video nodes, `video2` before `video10`.
pub(super) fn nodes(dev: &Path) -> Vec<PathBuf> {
    let mut nodes: Vec<(u32, PathBuf)> = fs::read_dir(dev)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let number = name.to_str()?.strip_prefix("video")?.parse().ok()?;
            Some((number, entry.path()))
        })
        .collect();
    nodes.sort();
    nodes.into_iter().map(|(_, path)| path).collect()
}

/// The stable names of a node, those by id first.
pub(super) fn stable_names(dev: &Path, node: &Path) -> Vec<String> {
    let Ok(node) = node.canonicalize() else {
        return Vec::new();
    };
    let mut names = Vec::new();
    for folder in STABLE {
        let mut here: Vec<String> = fs::read_dir(dev.join(folder))
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.path().canonicalize().is_ok_and(|path| path == node))
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        here.sort();
        names.append(&mut here);
    }
    names
}

/// Which cameras there are, for an error.
pub(super) fn known(dev: &Path) -> String {
    let nodes: Vec<String> = nodes(dev)
        .iter()
        .map(|node| match stable_names(dev, node).first() {
            Some(name) => format!("{} ({name})", node.display()),
            None => node.display().to_string(),
        })
        .collect();
    match nodes.as_slice() {
        [] => "there is none".into(),
        nodes => format!("there is {}", nodes.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder like `/dev` with a camera under two names.
    fn dev() -> tempfile::TempDir {
        let dev = tempfile::tempdir().unwrap();
        let path = dev.path();
        for node in ["video10", "video2", "video", "videos3", "vbi0"] {
            fs::write(path.join(node), "").unwrap();
        }
        for folder in STABLE {
            fs::create_dir_all(path.join(folder)).unwrap();
        }
        symlink("../../video2", path.join("v4l/by-id/usb-Cam-index0")).unwrap();
        symlink("../../video2", path.join("v4l/by-path/pci-1-index0")).unwrap();
        symlink("../../video7", path.join("v4l/by-id/usb-Gone-index0")).unwrap();
        dev
    }

    #[test]
    fn a_name_is_a_path_or_a_stable_name_of_this_moment() {
        let dev = dev();
        let path = dev.path();
        assert_eq!(resolve(path, "/dev/video0"), Some("/dev/video0".into()));
        let id = path.join("v4l/by-id/usb-Cam-index0");
        assert_eq!(resolve(path, "usb-Cam-index0"), Some(id.clone()));
        assert!(resolve(path, "pci-1-index0").is_some());
        for name in [
            "usb-Gone-index0",
            "nobody",
            "../by-id/usb-Cam-index0",
            "..",
            "",
        ] {
            assert_eq!(resolve(path, name), None, "{name}");
        }
        // Plugged in again, it has another node.
        fs::remove_file(&id).unwrap();
        symlink("../../video10", &id).unwrap();
        let found = resolve(path, "usb-Cam-index0").unwrap();
        let node = path.join("video10").canonicalize().unwrap();
        assert_eq!(found.canonicalize().unwrap(), node);
    }

    #[test]
    fn nodes_are_in_the_order_of_their_numbers_with_their_names() {
        let dev = dev();
        let path = dev.path();
        let nodes = nodes(path);
        assert_eq!(nodes, [path.join("video2"), path.join("video10")]);
        assert_eq!(
            stable_names(path, &nodes[0]),
            ["usb-Cam-index0", "pci-1-index0"]
        );
        assert!(stable_names(path, &nodes[1]).is_empty());
        let (first, second) = (nodes[0].display(), nodes[1].display());
        assert_eq!(
            known(path),
            format!("there is {first} (usb-Cam-index0), {second}")
        );
        assert_eq!(known(Path::new("/nonexistent")), "there is none");
    }
}
