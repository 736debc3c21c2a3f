//! A program is what its operators are one by one; it can be run again, and does not allocate.

mod support;

use std::collections::HashMap;

use normgate_int8_engine::*;
use proptest::prelude::*;
use support::{Rng, graph, run};

/// Each node as a program of its own, on plain images.
fn one_by_one(graph: &Graph, image: &[u8]) -> Vec<u8> {
    let flip = Target::Codes { flip: 0 };
    let mut values: HashMap<Value, Vec<u8>> = HashMap::new();
    let input = &graph.inputs[0];
    let shape = graph.values[input.value];
    let Source::Codes { flip: sign } = input.source else {
        panic!("codes")
    };
    let plain: Vec<u8> = order(shape, input.layout, image)
        .map(|code| code ^ sign)
        .collect();
    values.insert(input.value, plain);
    for node in &graph.nodes {
        if let Op::Constant(codes) = &node.op {
            values.insert(node.output, codes.to_vec());
            continue;
        }
        let mut alone = Graph::default();
        for value in &node.inputs {
            alone.values.push(graph.values[*value]);
            alone.inputs.push(Input {
                value: alone.values.len() - 1,
                layout: Layout::Nhwc,
                source: Source::Codes { flip: 0 },
            });
        }
        let output = alone.values.len();
        alone.values.push(graph.values[node.output]);
        alone.nodes.push(Node {
            op: node.op.clone(),
            inputs: (0..output).collect(),
            output,
        });
        alone.outputs.push(Output {
            value: output,
            layout: Layout::Nhwc,
            target: flip.clone(),
        });
        let program = Program::new(&alone, Isa::Portable).unwrap();
        let given: Vec<_> = node
            .inputs
            .iter()
            .map(|v| Given::Codes(&values[v]))
            .collect();
        let mut codes = vec![0; alone.values[output].codes()];
        program.run(
            &mut program.memory().unwrap(),
            &given,
            &mut [Wanted::Codes(&mut codes)],
        );
        values.insert(node.output, codes);
    }
    let mut all = Vec::new();
    for output in &graph.outputs {
        let shape = graph.values[output.value];
        let codes = &values[&output.value];
        match output.layout {
            Layout::Nhwc => all.extend(codes),
            Layout::Nchw => {
                let pixels = shape.rows * shape.columns;
                let code = |i: usize| codes[i % pixels * shape.channels + i / pixels];
                all.extend((0..codes.len()).map(code));
            }
        }
    }
    all
}

/// The codes of an image, pixel by pixel.
fn order(shape: Shape, layout: Layout, image: &[u8]) -> impl Iterator<Item = u8> {
    let pixels = shape.rows * shape.columns;
    (0..image.len()).map(move |i| match layout {
        Layout::Nhwc => image[i],
        Layout::Nchw => image[i % shape.channels * pixels + i / shape.channels],
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_program_is_its_operators_one_by_one(seed in any::<u64>()) {
        prop_assert_eq!(differing(seed), None);
    }
}

/// A convolution of one tap with pads, on a single row that another reader gave a wider halo.
#[test]
fn a_padded_pointwise_convolution_of_a_row_is_no_flat_one() {
    assert_eq!(differing(5_532_149_769_536_334_657), None);
}

/// The first instruction set whose program of the seed's graph gives other codes than its operators one by one.
fn differing(seed: u64) -> Option<&'static str> {
    let mut rng = Rng::new(seed);
    let nodes = rng.range(1, 14);
    let graph = graph(&mut rng, nodes, 4);
    let len = graph.values[0].codes();
    let images = [rng.bytes(len), rng.bytes(len)];
    let expected: Vec<_> = images
        .iter()
        .map(|image| one_by_one(&graph, image))
        .collect();
    let differs = |isa: &Isa| {
        let program = Program::new(&graph, *isa).unwrap();
        let mut memory = program.memory().unwrap();
        // What one run leaves behind does not matter to the next.
        [0, 1, 0]
            .into_iter()
            .any(|i| run(&program, &mut memory, &graph, &images[i]) != expected[i])
    };
    Isa::available()
        .into_iter()
        .find(differs)
        .map(|isa| isa.name())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Large enough for several bands.
    #[test]
    fn threads_change_nothing(seed in any::<u64>(), count in 2usize..5) {
        let mut rng = Rng::new(seed);
        let graph = graph(&mut rng, 8, 20);
        let image = rng.bytes(graph.values[0].codes());
        let isa = Isa::chosen().unwrap();
        let one = Program::new(&graph, isa).unwrap();
        let many = Program::with_threads(&graph, isa, Threads::new(count).unwrap()).unwrap();
        let expected = run(&one, &mut one.memory().unwrap(), &graph, &image);
        let found = run(&many, &mut many.memory().unwrap(), &graph, &image);
        prop_assert!(found == expected);
    }
}

#[test]
fn a_pool_has_from_one_to_256_threads() {
    assert_eq!(Threads::new(1).unwrap().count(), 1);
    assert_eq!(Threads::new(3).unwrap().count(), 3);
    for count in [0, 257, usize::MAX] {
        let error = Threads::new(count).unwrap_err().to_string();
        assert!(error.contains("expected 1 to 256"), "{error}");
    }
}

/// conv, conv, + in two steps; buffers for three images and not for seven.
#[test]
fn a_residual_add_costs_no_step_and_buffers_are_shared() {
    let shape = Shape {
        rows: 8,
        columns: 8,
        channels: 16,
    };
    let axis = || {
        let padding = Padding::Explicit {
            before: 1,
            after: 1,
        };
        Axis::new("", 8, 3, 1, 1, padding).unwrap()
    };
    let conv = || {
        Op::Conv(ConvSpec {
            y: axis(),
            x: axis(),
            group: 1,
            inputs: 16,
            outputs: 16,
            input_zero: 0,
            output_zero: 0,
            weights: vec![1; 16 * 16 * 9].into(),
            bias: vec![0; 16],
            multipliers: vec![0.01; 16],
        })
    };
    let affine = Affine {
        scale: 1.0,
        zero_point: 0,
    };
    let add = || Op::Add(AddParams::new(affine, affine, affine, Code::U8).unwrap());
    let mut graph = Graph {
        values: vec![shape; 7],
        ..Graph::default()
    };
    let node = |op, inputs: &[Value], output| Node {
        op,
        inputs: inputs.to_vec(),
        output,
    };
    graph.nodes = vec![
        node(conv(), &[0], 1),
        node(conv(), &[1], 2),
        node(add(), &[2, 0], 3),
        node(conv(), &[3], 4),
        node(conv(), &[4], 5),
        node(add(), &[3, 5], 6),
    ];
    let layout = Layout::Nhwc;
    graph.inputs.push(Input {
        value: 0,
        layout,
        source: Source::Codes { flip: 0 },
    });
    graph.outputs.push(Output {
        value: 6,
        layout,
        target: Target::Codes { flip: 0 },
    });
    let program = Program::new(&graph, Isa::chosen().unwrap()).unwrap();
    assert_eq!(program.steps(), 4);
    let image = 10 * 10 * 16 + 64;
    assert!(
        program.memory_len() <= 3 * image,
        "{}",
        program.memory_len()
    );
}

#[test]
fn a_run_allocates_nothing() {
    for seed in 0..30 {
        let mut rng = Rng::new(seed);
        let graph = graph(&mut rng, 12, 4);
        let image = rng.bytes(graph.values[0].codes());
        let program = Program::new(&graph, Isa::chosen().unwrap()).unwrap();
        let mut memory = program.memory().unwrap();
        let lens = graph.outputs.iter().map(|o| graph.values[o.value].codes());
        let mut outputs: Vec<Vec<u8>> = lens.map(|len| vec![0; len]).collect();
        let mut wanted: Vec<_> = outputs.iter_mut().map(|o| Wanted::Codes(o)).collect();
        let given = [Given::Codes(&image)];
        let counted = allocation_counter::measure(|| program.run(&mut memory, &given, &mut wanted));
        assert_eq!(counted.count_total, 0, "seed {seed}");
    }
}

#[test]
fn a_graph_that_does_not_fit_is_refused() {
    let mut rng = Rng::new(1);
    let good = graph(&mut rng, 6, 4);
    let refused = |change: &dyn Fn(&mut Graph)| {
        let mut graph = good.clone();
        change(&mut graph);
        let error = Program::new(&graph, Isa::Portable).err();
        error.expect("the graph has to be refused").to_string()
    };
    let late = refused(&|g| g.nodes.reverse());
    assert!(
        late.contains("made before") || late.contains("made once"),
        "{late}"
    );
    let twice = refused(&|g| {
        let node = g.nodes[0].clone();
        g.nodes.push(node);
    });
    assert!(twice.contains("made once"), "{twice}");
    let shape = refused(&|g| g.values.last_mut().unwrap().channels += 1);
    assert!(shape.contains("shapes"), "{shape}");
    let none = refused(&|g| g.outputs[0].value = 1000);
    assert!(none.contains("value 1000"), "{none}");
    let empty = refused(&|g| g.values[0].rows = 0);
    assert!(empty.contains("0"), "{empty}");
}
