// Tests for vm-check-module.
// iree-compile --iree-hal-target-device=local --iree-hal-local-target-device-backends=vmvx check.mlir -o check.vmfb
module @check_all {
  util.global private mutable @calls = 0 : i32
  func.func @all_hold() {
    %a = util.unfoldable_constant dense<[1, 2, 3]> : tensor<3xi32>
    %b = arith.addi %a, %a : tensor<3xi32>
    check.expect_eq_const(%b, dense<[2, 4, 6]> : tensor<3xi32>) : tensor<3xi32>
    %f = util.unfoldable_constant dense<[1.0, 2.0]> : tensor<2xf32>
    check.expect_almost_eq_const(%f, dense<[1.0, 2.00001]> : tensor<2xf32>) : tensor<2xf32>
    check.expect_all_true(%a) : tensor<3xi32>
    %t = util.unfoldable_constant 1 : i32
    %z = util.unfoldable_constant 0 : i32
    check.expect_true(%t) : i32
    check.expect_false(%z) : i32
    return
  }
  func.func @fresh_state() {
    %old = util.global.load @calls : i32
    check.expect_false(%old) : i32
    %one = arith.constant 1 : i32
    %new = arith.addi %old, %one : i32
    util.global.store %new, @calls : i32
    return
  }
  func.func @fresh_state_again() {
    %old = util.global.load @calls : i32
    check.expect_false(%old) : i32
    %one = arith.constant 1 : i32
    %new = arith.addi %old, %one : i32
    util.global.store %new, @calls : i32
    return
  }
  func.func @fail_eq() {
    %a = util.unfoldable_constant dense<[1, 2, 3]> : tensor<3xi32>
    check.expect_eq_const(%a, dense<[1, 2, 4]> : tensor<3xi32>) : tensor<3xi32>
    return
  }
  func.func @fail_almost_eq() {
    %f = util.unfoldable_constant dense<[1.0, 2.0]> : tensor<2xf32>
    check.expect_almost_eq_const(%f, dense<[1.0, 2.5]> : tensor<2xf32>) : tensor<2xf32>
    return
  }
  func.func @fail_several() {
    %five = util.unfoldable_constant 5 : i32
    %zero = util.unfoldable_constant 0 : i32
    check.expect_true(%zero) : i32
    check.expect_false(%five) : i32
    %a = util.unfoldable_constant dense<[1, 0, 3]> : tensor<3xi32>
    check.expect_all_true(%a) : tensor<3xi32>
    return
  }
  func.func @fail_status() {
    %zero = util.unfoldable_constant 0 : i32
    check.expect_true(%zero) : i32
    %one = arith.constant 1 : i32
    %same = arith.cmpi eq, %zero, %one : i32
    cf.assert %same, "nothing is checked behind this"
    check.expect_true(%zero) : i32
    return
  }
  func.func @DISABLED_fail() {
    %zero = util.unfoldable_constant 0 : i32
    check.expect_true(%zero) : i32
    return
  }
}
