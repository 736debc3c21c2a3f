use std::fs;

use normgate_source::{Camera, CameraMode, CameraSize, cameras, open};

use super::refusal;

#[test]
#[cfg(target_os = "linux")]
fn a_camera_that_is_not_there_is_refused_with_those_that_are() {
    for name in [
        "/dev/video9999",
        "usb-nobody_Camera-video-index0",
        "../null",
    ] {
        let message = refusal(&format!("v4l2:{name}"));
        let expected = format!("{name}: no such camera; there is ");
        assert!(message.starts_with(&expected), "{message}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_no_camera_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    for path in [file.path().display().to_string(), "/dev/null".into()] {
        let message = refusal(&format!("v4l2:{path}"));
        assert_eq!(
            message,
            format!("{path}: not a V4L2 device; expected a V4L2 device that captures video")
        );
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_camera_may_be_waited_for() {
    let mut source = open("v4l2:/dev/video9999?wait=yes").unwrap();
    assert!(source.is_live());
    for _ in 0..3 {
        match source.next(&mut |_| panic!("there is no camera")) {
            Ok(normgate_source::Next::Lost { why }) => assert!(why.contains("no such camera")),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn cameras_are_the_video_nodes_that_capture() {
    let nodes = fs::read_dir("/dev")
        .unwrap()
        .filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_string_lossy().starts_with("video")
        })
        .count();
    assert!(cameras().unwrap().len() <= nodes);
}

#[test]
fn a_camera_is_told_on_a_line_for_each_name_and_format() {
    let size = |width, height, fps: &[f64]| CameraSize {
        least: (width, height),
        most: (width, height),
        fps: fps.to_vec(),
    };
    let mode = |code: &str, format: Option<&str>, sizes| CameraMode {
        code: code.into(),
        format: format.map(Into::into),
        sizes,
    };
    let range = CameraSize {
        least: (32, 32),
        ..size(800, 600, &[])
    };
    let camera = Camera {
        path: "/dev/video0".into(),
        names: vec!["usb-Maker_Cam-video-index0".into()],
        card: "Cam".into(),
        driver: "uvcvideo".into(),
        bus: "usb-1".into(),
        modes: vec![
            mode(
                "YUYV",
                Some("yuyv"),
                vec![size(640, 480, &[30.0, 15.0]), size(320, 240, &[30.0])],
            ),
            mode("H264", None, vec![range]),
        ],
        problem: None,
    };
    assert_eq!(
        camera.to_string(),
        "/dev/video0: Cam (uvcvideo, usb-1)\n  \
         v4l2:usb-Maker_Cam-video-index0\n  \
         yuyv: 640x480 at 30 to 15 fps, 320x240 at 30 fps\n  \
         H264 (not read): 32x32 to 800x600"
    );
    let silent = Camera {
        problem: Some("permission denied".into()),
        ..camera
    };
    assert_eq!(silent.to_string(), "/dev/video0: permission denied");
}
