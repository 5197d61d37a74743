// Tensors in and out, for the tools.
// iree-compile --iree-hal-target-device=local --iree-hal-local-target-device-backends=vmvx tensors.mlir -o tensors.vmfb
module @tensors {
  func.func @same(%a: tensor<2x2xi32>) -> tensor<2x2xi32> {
    return %a : tensor<2x2xi32>
  }
  func.func @add(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {
    %sum = arith.addf %a, %b : tensor<4xf32>
    return %sum : tensor<4xf32>
  }
  func.func @mixed(%n: i32, %a: tensor<3xf32>) -> (i32, tensor<3xf32>) {
    %two = arith.constant 2 : i32
    %m = arith.muli %n, %two : i32
    %b = arith.addf %a, %a : tensor<3xf32>
    return %m, %b : i32, tensor<3xf32>
  }
  func.func @constants() -> (tensor<2x3xi16>, tensor<f32>, tensor<0x2xi8>) {
    %a = arith.constant dense<[[1, -2, 3], [4, 5, -6]]> : tensor<2x3xi16>
    %b = arith.constant dense<2.5> : tensor<f32>
    %c = arith.constant dense<> : tensor<0x2xi8>
    return %a, %b, %c : tensor<2x3xi16>, tensor<f32>, tensor<0x2xi8>
  }
  func.func @large() -> tensor<2000xi32> {
    %a = arith.constant dense<1> : tensor<2000xi32>
    return %a : tensor<2000xi32>
  }
  func.func @fails(%a: tensor<4xi32>) -> tensor<4xi32> {
    %b = arith.addi %a, %a : tensor<4xi32>
    %zero = arith.constant 0 : index
    %first = tensor.extract %b[%zero] : tensor<4xi32>
    %limit = arith.constant 10 : i32
    %ok = arith.cmpi slt, %first, %limit : i32
    cf.assert %ok, "the first element is too large"
    return %b : tensor<4xi32>
  }
}
