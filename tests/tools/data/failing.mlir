// Three functions without arguments; the second one fails.
// iree-compile --compile-mode=vm failing.mlir -o failing.vmfb
vm.module @failing {
  vm.export @first
  vm.func @first() { vm.return }
  vm.export @second
  vm.func @second() {
    %c9 = vm.const.i32 9
    vm.fail %c9, "no luck"
  }
  vm.export @third
  vm.func @third() { vm.return }
}
