/* Calls by the numbers of the x32 interface: whether the kernel offers it or not, they are made. */
#include <fcntl.h>
#include <unistd.h>

#define X32 0x40000000L
#define OPENAT 257
#define WAITID 529

int main(void) {
  syscall(X32 | OPENAT, AT_FDCWD, "/p/x32-open", O_RDONLY);
  syscall(X32 | WAITID, 0, 0, 0, 0, 0);
  return 0;
}
