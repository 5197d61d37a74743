// Results of every kind that can be printed, expected and written without a device.
vm.module @values {
  vm.rodata private @bytes dense<[1, 2, 3, 4, 5]> : vector<5xi8>

  vm.export @numbers
  vm.func @numbers(%a: i32, %b: i64, %c: f32, %d: f64) -> (i32, i64, f32, f64) {
    vm.return %a, %b, %c, %d : i32, i64, f32, f64
  }

  vm.export @buffer
  vm.func @buffer() -> !vm.buffer {
    %bytes = vm.const.ref.rodata @bytes : !vm.buffer
    vm.return %bytes : !vm.buffer
  }

  vm.export @null_buffer
  vm.func @null_buffer() -> !vm.buffer {
    %null = vm.const.ref.zero : !vm.buffer
    vm.return %null : !vm.buffer
  }

  vm.export @same_buffer
  vm.func @same_buffer(%buffer: !vm.buffer) -> !vm.buffer {
    vm.return %buffer : !vm.buffer
  }

  vm.export @list
  vm.func @list() -> (!vm.list<?>, i32) {
    %c0 = vm.const.i32 0
    %c1 = vm.const.i32 1
    %c2 = vm.const.i32 2
    %c3 = vm.const.i32 3
    %c4 = vm.const.i32 4
    %c5 = vm.const.i32 5
    %c7 = vm.const.i32 7
    %c9 = vm.const.i64 9
    %half = vm.const.f32 0.5
    %bytes = vm.const.ref.rodata @bytes : !vm.buffer
    %list = vm.list.alloc %c5 : (i32) -> !vm.list<?>
    %inner = vm.list.alloc %c2 : (i32) -> !vm.list<i32>
    vm.list.resize %list, %c5 : (!vm.list<?>, i32)
    vm.list.resize %inner, %c2 : (!vm.list<i32>, i32)
    vm.list.set.i32 %inner, %c1, %c7 : (!vm.list<i32>, i32, i32)
    vm.list.set.i32 %list, %c0, %c7 : (!vm.list<?>, i32, i32)
    vm.list.set.i64 %list, %c1, %c9 : (!vm.list<?>, i32, i64)
    vm.list.set.f32 %list, %c2, %half : (!vm.list<?>, i32, f32)
    vm.list.set.ref %list, %c3, %bytes : (!vm.list<?>, i32, !vm.buffer)
    vm.list.set.ref %list, %c4, %inner : (!vm.list<?>, i32, !vm.list<i32>)
    vm.return %list, %c3 : !vm.list<?>, i32
  }

  vm.export @empty_list
  vm.func @empty_list() -> !vm.list<i8> {
    %c0 = vm.const.i32 0
    %c2 = vm.const.i32 2
    %list = vm.list.alloc %c0 : (i32) -> !vm.list<i8>
    vm.return %list : !vm.list<i8>
  }

  vm.export @small_lists
  vm.func @small_lists() -> (!vm.list<i8>, !vm.list<i16>, !vm.list<?>) {
    %c2 = vm.const.i32 2
    %c0 = vm.const.i32 0
    %c300 = vm.const.i32 -300
    %bytes = vm.list.alloc %c2 : (i32) -> !vm.list<i8>
    %words = vm.list.alloc %c2 : (i32) -> !vm.list<i16>
    %any = vm.list.alloc %c2 : (i32) -> !vm.list<?>
    vm.list.resize %bytes, %c2 : (!vm.list<i8>, i32)
    vm.list.resize %words, %c2 : (!vm.list<i16>, i32)
    vm.list.resize %any, %c2 : (!vm.list<?>, i32)
    vm.list.set.i32 %bytes, %c0, %c300 : (!vm.list<i8>, i32, i32)
    vm.list.set.i32 %words, %c0, %c300 : (!vm.list<i16>, i32, i32)
    vm.return %bytes, %words, %any : !vm.list<i8>, !vm.list<i16>, !vm.list<?>
  }

  vm.export @nothing
  vm.func @nothing() {
    vm.return
  }

  vm.export @spin
  vm.func @spin() {
    vm.br ^bb1
  ^bb1:
    vm.br ^bb1
  }

  vm.export @fails
  vm.func @fails() {
    %code = vm.const.i32 9
    vm.fail %code, "on purpose"
  }
}
