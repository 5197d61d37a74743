// A module whose initializer fails, with one test.
// iree-compile --compile-mode=vm broken_init.mlir -o broken_init.vmfb
vm.module @broken_init {
  vm.export @test
  vm.export @__init
  vm.func @test() { vm.return }
  vm.func @__init() {
    %c9 = vm.const.i32 9
    vm.fail %c9, "no luck"
  }
}
