// A 32-bit program without a C library: its calls have other numbers, and its pointers are short.
static long call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
  return result;
}

void _start(void) {
  static char stat[256];
  call(5, (long)"/p/open32", 0, 0);
  call(195, (long)"/p/stat64", (long)stat, 0);
  call(295, -100, (long)"/p/openat32", 0);
  call(300, -100, (long)"/p/fstatat64", (long)stat);
  call(33, (long)"/p/access32", 4, 0);
  call(12, (long)"/p", 0, 0);
  call(5, (long)"relative32", 0, 0);
  static const struct { unsigned short family, port; unsigned address; char zero[8]; } address = {2, 0x9246, 0x0100007f, {0}}; // 127.0.0.1:18066
  long fd = call(359, 2, 1, 0);
  call(361, fd, (long)&address, sizeof address);
  call(363, fd, 1, 0);
  // The same by way of socketcall(2): bind is 2, listen is 4.
  static const struct { unsigned short family, port; unsigned address; char zero[8]; } other = {2, 0x9346, 0x0100007f, {0}}; // 127.0.0.1:18067
  static long asked[] = {2, 1, 0};
  long second = call(102, 1, (long)asked, 0);
  long binds[] = {second, (long)&other, sizeof other};
  long listens[] = {second, 1};
  call(102, 2, (long)binds, 0);
  call(102, 4, (long)listens, 0);
  call(1, 0, 0, 0);
}
