//! Bit equality with onnxruntime of the operators beside convolution and plain add.
//!
//! Needs a Python with numpy, onnx and onnxruntime, named by NORMGATE_PYTHON. On x86-64 only: on ARM onnxruntime
//! computes some of them in fixed point.
#![cfg(target_arch = "x86_64")]

mod support;

use support::live::assert_equal;
use support::operators;

macro_rules! equal {
    ($($name:ident: $count:literal of $case:expr;)*) => {$(
        #[test]
        #[ignore = "needs NORMGATE_PYTHON; scripts/test runs it"]
        fn $name() {
            assert_equal((0..$count).map($case).collect());
        }
    )*};
}

equal! {
    products_of_all_pairs: 40 of operators::random_mul;
    repeated_operands: 200 of operators::random_broadcast;
    gates: 40 of operators::gated;
    tables: 120 of operators::random_table;
    concatenations: 60 of operators::random_concat;
    average_pools: 150 of operators::random_average_pool;
    global_average_pools: 80 of operators::random_global_average_pool;
    max_pools: 150 of operators::random_max_pool;
    matrices: 120 of operators::random_matrix;
    quantizations: 40 of operators::random_quantize;
    dequantizations: 40 of operators::random_dequantize;
    mixed_networks: 12 of operators::mixed;
}
