// A function that takes fences.
// iree-compile --iree-hal-target-device=local --iree-hal-local-target-device-backends=vmvx --iree-execution-model=async-external async.mlir -o async.vmfb
module @async {
  func.func @add(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {
    %sum = arith.addf %a, %b : tensor<4xf32>
    return %sum : tensor<4xf32>
  }
  func.func @constant() -> tensor<2xi32> {
    %a = util.unfoldable_constant dense<[1, 2]> : tensor<2xi32>
    %b = arith.addi %a, %a : tensor<2xi32>
    return %b : tensor<2xi32>
  }
}
