// Functions for vm-benchmark-module.
// iree-compile --iree-hal-target-device=local --iree-hal-local-target-device-backends=vmvx benchmarks.mlir -o benchmarks.vmfb
module @benchmarks {
  func.func @tensor() -> tensor<3xf32> {
    %a = util.unfoldable_constant dense<[1.0, 2.5, -3.0]> : tensor<3xf32>
    %b = arith.addf %a, %a : tensor<3xf32>
    return %b : tensor<3xf32>
  }
  func.func @number() -> i32 {
    %c = arith.constant 3 : i32
    return %c : i32
  }
  func.func @takes_one(%a: i32) -> i32 {
    return %a : i32
  }
  func.func @dispatch(%a: i32) attributes {iree.reflection = {iree.benchmark = "dispatch"}} {
    return
  }
  func.func @__entry() -> i32 attributes {iree.reflection = {iree.benchmark = "entry"}} {
    %c = arith.constant 4 : i32
    return %c : i32
  }
  func.func @__hidden() -> i32 {
    %c = arith.constant 5 : i32
    return %c : i32
  }
}
