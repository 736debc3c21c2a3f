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
    if name.contains('/') || name.starts_with('.') {
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
