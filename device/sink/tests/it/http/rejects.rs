use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use normgate_sink::HttpSink;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{ask, get, meters, options};

fn serving(folder: &Path) -> HttpSink {
    let mut options = options(&meters());
    options.rejects = Some(folder.to_owned());
    HttpSink::bind(options).unwrap()
}

fn stem(i: usize) -> String {
    format!("20260102T0304{i:02}000Z-{i}")
}

fn keep(folder: &Path, i: usize) {
    let note = json!({
        "time": format!("2026-01-02T03:04:{i:02}.000Z"), "frame": i, "name": format!("frame {i}"),
        "model": "made-v1", "graph_sha256": "ab", "score": 1.5, "score_name": "energy", "threshold": 4.5,
        "nearest": "cat", "fault": null, "width": 4, "height": 3,
    });
    fs::write(
        folder.join(format!("{}.png", stem(i))),
        format!("picture {i}"),
    )
    .unwrap();
    fs::write(folder.join(format!("{}.json", stem(i))), note.to_string()).unwrap();
}

fn list(sink: &HttpSink, query: &str) -> (Vec<String>, Value, Value) {
    let page = get(sink.addr(), &format!("/api/rejects{query}")).json();
    let stems = page["rejects"].as_array().unwrap().iter();
    let stems = stems
        .map(|r| r["stem"].as_str().unwrap().to_owned())
        .collect();
    (stems, page["next"].clone(), page["total"].clone())
}

fn stems(of: impl Iterator<Item = usize>) -> Vec<String> {
    of.map(stem).collect()
}

#[test]
fn pages_go_from_the_newest_to_the_oldest() {
    let folder = TempDir::new().unwrap();
    (0..25).for_each(|i| keep(folder.path(), i));
    let sink = serving(folder.path());
    assert_eq!(
        list(&sink, ""),
        (stems((1..25).rev()), json!(stem(1)), json!(25))
    );
    assert_eq!(
        list(&sink, "?limit=10"),
        (stems((15..25).rev()), json!(stem(15)), json!(25))
    );
    let second = list(&sink, &format!("?limit=10&before={}", stem(15)));
    assert_eq!(second, (stems((5..15).rev()), json!(stem(5)), json!(25)));
    let last = list(&sink, &format!("?limit=10&before={}", stem(5)));
    assert_eq!(last, (stems((0..5).rev()), Value::Null, json!(25)));
    // A whole last page has nothing behind it.
    assert_eq!(list(&sink, "?limit=25").1, Value::Null);
    assert_eq!(list(&sink, "?limit=0").0.len(), 1);
    assert_eq!(list(&sink, "?limit=1000000").0.len(), 25);
    assert_eq!(get(sink.addr(), "/api/rejects?limit=x").status, 400);
    let page = get(sink.addr(), "/api/rejects?limit=1").json();
    let expected = json!({
        "stem": stem(24), "image": format!("{}.png", stem(24)), "time": "2026-01-02T03:04:24.000Z", "frame": 24,
        "name": "frame 24", "model": "made-v1", "graph_sha256": "ab", "score": 1.5, "score_name": "energy",
        "threshold": 4.5, "nearest": "cat", "fault": null, "width": 4, "height": 3,
    });
    assert_eq!(page["rejects"][0], expected);
}

#[test]
fn files_are_served_as_they_lie() {
    let folder = TempDir::new().unwrap();
    keep(folder.path(), 1);
    fs::write(folder.path().join("a.jpg"), b"jpeg").unwrap();
    let big: Vec<u8> = (0..1_000_000u32).map(|i| (i % 251) as u8).collect();
    fs::write(folder.path().join("big.png"), &big).unwrap();
    fs::write(folder.path().join("empty.png"), b"").unwrap();
    let sink = serving(folder.path());
    let note = fs::read(folder.path().join(format!("{}.json", stem(1)))).unwrap();
    for (name, kind, body) in [
        (
            format!("{}.png", stem(1)),
            "image/png",
            b"picture 1".as_slice(),
        ),
        (format!("{}.json", stem(1)), "application/json", &note),
        ("a.jpg".to_owned(), "image/jpeg", b"jpeg"),
        ("big.png".to_owned(), "image/png", &big),
        ("empty.png".to_owned(), "image/png", b""),
    ] {
        let answer = get(sink.addr(), &format!("/rejects/{name}"));
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(kind)),
            "{name}"
        );
        assert_eq!(
            answer.header("content-length"),
            Some(body.len().to_string().as_str())
        );
        assert!(answer.body == body, "{name}");
        let head = ask(sink.addr(), &format!("HEAD /rejects/{name}"), &[]);
        assert_eq!((head.status, head.body.len()), (200, 0));
    }
}

#[test]
fn nothing_beside_the_folder_is_served() {
    let outside = TempDir::new().unwrap();
    fs::write(outside.path().join("secret.png"), b"secret").unwrap();
    fs::write(outside.path().join("secret.json"), b"{}").unwrap();
    let folder = outside.path().join("rejects");
    fs::create_dir_all(folder.join("inner.png")).unwrap();
    fs::create_dir(folder.join("inner.json")).unwrap();
    fs::write(folder.join("plain.txt"), b"text").unwrap();
    fs::write(folder.join(".hidden.png"), b"hidden").unwrap();
    fs::write(folder.join(".hidden.json"), b"{}").unwrap();
    for end in ["png", "json"] {
        symlink(
            outside.path().join(format!("secret.{end}")),
            folder.join(format!("link.{end}")),
        )
        .unwrap();
    }
    let sink = serving(&folder);
    for path in [
        "../secret.png",
        "..%2fsecret.png",
        "..%2Fsecret.png",
        "%2e%2e%2fsecret.png",
        "..%5csecret.png",
        "..%2f",
        "..",
        "%2e%2e",
        ".",
        "",
        "link.png",
        "link.json",
        "inner.png",
        "inner.json",
        "plain.txt",
        ".hidden.png",
        "secret.png",
        "a%00.png",
        "%ff.png",
        "x.png%2f..%2f..%2fsecret.png",
        ".png",
        "%2fetc%2fpasswd",
        "plain",
    ] {
        let answer = get(sink.addr(), &format!("/rejects/{path}"));
        assert!(
            [400, 404].contains(&answer.status),
            "{path}: {}",
            answer.status
        );
        assert!(!answer.body.windows(6).any(|w| w == b"secret"), "{path}");
    }
    assert_eq!(list(&sink, ""), (vec![], Value::Null, json!(2)));
}

#[test]
fn what_is_broken_or_alone_does_not_hide_the_rest() {
    let folder = TempDir::new().unwrap();
    let sink = serving(&folder.path().join("later"));
    // Until something was rejected there is no folder.
    assert_eq!(list(&sink, ""), (vec![], Value::Null, json!(0)));
    let sink = serving(folder.path());
    for i in 1..=3 {
        keep(folder.path(), i);
    }
    fs::write(folder.path().join("20260102T030409000Z-9.json"), b"{ half").unwrap();
    fs::write(
        folder.path().join("20260102T030408000Z-8.json"),
        vec![b' '; 1 << 20],
    )
    .unwrap();
    fs::write(folder.path().join("20260102T030407000Z-7.png"), b"no note").unwrap();
    fs::write(folder.path().join("ä.json"), b"{}").unwrap();
    fs::remove_file(folder.path().join(format!("{}.png", stem(2)))).unwrap();
    assert_eq!(list(&sink, "").0, stems([3, 2, 1].into_iter()));
    let page = get(sink.addr(), "/api/rejects").json();
    assert_eq!(page["rejects"][1]["image"], Value::Null);
    fs::write(folder.path().join("20260102T030410000Z-10.json"), b"{}").unwrap();
    assert_eq!(
        list(&sink, "").0.len(),
        4,
        "a note without any fact is a frame all the same"
    );
}

#[test]
fn frames_may_come_and_go_while_the_folder_is_read() {
    let folder = TempDir::new().unwrap();
    (0..60).for_each(|i| keep(folder.path(), i));
    let sink = serving(folder.path());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for i in (0..60).cycle() {
                if done.load(Relaxed) {
                    return;
                }
                for end in ["json", "png"] {
                    fs::remove_file(folder.path().join(format!("{}.{end}", stem(i)))).unwrap();
                }
                keep(folder.path(), i);
            }
        });
        for _ in 0..20 {
            let (found, _, _) = list(&sink, "?limit=100");
            assert!(found.len() >= 50, "{}", found.len());
            assert!(found.is_sorted_by(|a, b| a > b));
        }
        done.store(true, Relaxed);
    });
}
