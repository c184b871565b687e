// argv[1] generations of short-lived processes, each of which asks for paths of its own; a bounded kind of fork bomb.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void ask(int generation, int child) {
  char path[64];
  struct stat st;
  for (int i = 0; i < 5; i++) {
    snprintf(path, sizeof path, "/p/fork-%d-%d-%d", generation, child, i);
    stat(path, &st);
  }
}

int main(int argc, char **argv) {
  int generations = argc > 1 ? atoi(argv[1]) : 1;
  for (int generation = 0; generation < generations; generation++) {
    for (int child = 0; child < 8; child++)
      if (fork() == 0) {
        ask(generation, child);
        // Children of children die while they ask.
        if (fork() == 0) {
          ask(generation, child + 100);
          _exit(0);
        }
        _exit(0);
      }
    while (wait(NULL) > 0) {
    }
  }
  puts("done");
  return 0;
}
