// Asks for paths below /p in as many ways as there are. What it finds does not matter; accesses.test.ts lists what must be seen.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#ifdef DYNAMIC
#include <dlfcn.h>
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

struct how { uint64_t flags, mode, resolve; };
extern char **environ;

static void shut(int fd) { if (fd >= 0) close(fd); }

static void *in_thread(void *unused) { shut(open("/p/thread", O_RDONLY)); return unused; }

static void child(void (*work)(void)) {
  pid_t pid = fork();
  if (pid == 0) { work(); _exit(0); }
  waitpid(pid, NULL, 0);
}

static void run_script(void) { execl("/p/script", "script", NULL); }
static void run_missing(void) { execl("/p/no-program", "no-program", NULL); }
static void run_descriptor(void) {
  int fd = open("/p/by-descriptor", O_PATH);
  char *argv[] = {"by-descriptor", NULL};
  syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
}
static void in_jail(void) {
  if (chroot("/p/jail") != 0) return;
  shut(open("/inside-jail", O_RDONLY));
  shut(open("relative-to-outside", O_RDONLY));
  if (chdir("/sub") == 0) shut(open("in-sub", O_RDONLY));
}
static void in_deleted_folder(void) {
  mkdir("/p/gone", 0755);
  if (chdir("/p/gone") != 0) return;
  rmdir("/p/gone");
  shut(open("lost-in-deleted", O_RDONLY));
}
static void in_odd_folder(void) {
  mkdir("/p/odd (deleted)", 0755);
  if (chdir("/p/odd (deleted)") == 0) shut(open("in-odd", O_RDONLY));
}

static void local_socket(int connects, const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connects) connect(fd, (struct sockaddr *)&address, sizeof address);
  else bind(fd, (struct sockaddr *)&address, sizeof address);
  shut(fd);
}

static void port(int number, int type, int listens) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(number), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int fd = socket(AF_INET, type, 0);
  bind(fd, (struct sockaddr *)&address, sizeof address);
  if (listens) listen(fd, 1);
  shut(fd);
}

int main(void) {
  struct stat st;
  char stx[256];
  struct statfs fs;
  char buffer[4096];

  shut(open("/p/open", O_RDONLY));
  shut(open("/p/missing", O_RDONLY));
  stat("/p/stat", &st);
  lstat("/p/lstat", &st);
  stat("/p/missing-stat", &st);
  syscall(SYS_statx, AT_FDCWD, "/p/statx", 0, 0xfff, stx);
  access("/p/access", R_OK);
  syscall(SYS_faccessat2, AT_FDCWD, "/p/faccessat2", R_OK, 0);
  statfs("/p/statfs", &fs);
  shut(open("/p/path-only", O_PATH));
  shut(open("/p//twice/./dotted/", O_RDONLY));
  shut(open("/p/up/../beside", O_RDONLY));
  struct how how = {.flags = O_RDONLY};
  shut(syscall(SYS_openat2, AT_FDCWD, "/p/openat2", &how, sizeof how));
  how.flags = O_WRONLY;
  shut(syscall(SYS_openat2, AT_FDCWD, "/p/openat2-write", &how, sizeof how));
  if (readlink("/p/readlink", buffer, sizeof buffer) < 0) {}
  shut(open("/p/link", O_RDONLY));
  shut(open("/p/hard", O_RDONLY));

  DIR *dir = opendir("/p/listed");
  if (dir != NULL) { while (readdir(dir) != NULL) {} closedir(dir); }
  int at = open("/p/dirfd", O_RDONLY | O_DIRECTORY);
  shut(openat(at, "relative", O_RDONLY));
  fstatat(at, "relative-stat", &st, 0);
  fstatat(at, "", &st, AT_EMPTY_PATH);
  if (fchdir(at) == 0) shut(open("after-fchdir", O_RDONLY));
  shut(at);
  if (chdir("/p/cwd") == 0) shut(open("./in-cwd", O_RDONLY));
  if (chdir("/") == 0) shut(open("p/from-root", O_RDONLY));

  void *mapped;
  int fd = open("/p/mapped", O_RDONLY);
  mapped = mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0);
  if (mapped != MAP_FAILED) munmap(mapped, 1);
  shut(fd);
  int watch = inotify_init();
  inotify_add_watch(watch, "/p/watched", IN_MODIFY);
  shut(watch);
  getxattr("/p/getxattr", "user.x", buffer, sizeof buffer);
  llistxattr("/p/llistxattr", buffer, sizeof buffer);
  setxattr("/p/setxattr", "user.x", "1", 1, 0);

  shut(open("/p/append", O_WRONLY | O_APPEND));
  shut(open("/p/read-write", O_RDWR));
  shut(open("/p/created", O_RDONLY | O_CREAT, 0644));
  shut(creat("/p/creat", 0644));
  if (truncate("/p/truncate", 0) != 0) {}
  rename("/p/rename-old", "/p/rename-new");
  if (link("/p/link-old", "/p/link-new") != 0) {}
  if (symlink("target-is-not-looked-up", "/p/symlink-new") != 0) {}
  mkdir("/p/mkdir", 0755);
  mkfifo("/p/fifo", 0644);
  chmod("/p/chmod", 0600);
  if (chown("/p/chown", 0, 0) != 0) {}
  utimensat(AT_FDCWD, "/p/utimensat", NULL, 0);
  unlink("/p/unlink");
  rmdir("/p/rmdir");

  local_socket(0, "/p/bound.sock");
  local_socket(1, "/p/connected.sock");
  port(18080, SOCK_STREAM, 1);
  port(18081, SOCK_STREAM, 0);
  port(18082, SOCK_DGRAM, 0);

  // Paths in awkward places: just before memory that is not there, nowhere, in no time.
  char *pages = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(pages + 4096, 4096);
  const char *edge = "/p/edge";
  memcpy(pages + 4096 - strlen(edge) - 1, edge, strlen(edge) + 1);
  shut(open(pages + 4096 - strlen(edge) - 1, O_RDONLY));
  char *two = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  strcpy(two + 4090, "/p/across-two-pages");
  shut(open(two + 4090, O_RDONLY));
  shut(open((char *)0x10, O_RDONLY));
  shut(open("", O_RDONLY));
  char *longest = malloc(8192);
  strcpy(longest, "/p");
  while (strlen(longest) + 6 < 4090) strcat(longest, "/a-dir");
  strcat(longest, "/x");
  shut(open(longest, O_RDONLY));
  memset(longest, 'x', 8191);
  longest[0] = '/';
  longest[8191] = 0;
  shut(open(longest, O_RDONLY));
  shut(open("/p/raw\xff\xfe\n\x01 bytes", O_RDONLY));

  pthread_t thread;
  pthread_create(&thread, NULL, in_thread, NULL);
  pthread_join(thread, NULL);
  child(run_script);
  child(run_missing);
  child(run_descriptor);
  child(in_jail);
  child(in_deleted_folder);
  child(in_odd_folder);
#ifdef DYNAMIC
  dlopen("/p/library.so", RTLD_NOW);
#endif
  puts("done");
  return 0;
}
