/* Loads ./plugins/libhello.so with dlopen and prints what its greeting says. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

typedef const char *(*greeting)(void);

int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "./plugins/libhello.so";
  void *plugin = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (plugin == NULL) {
    fprintf(stderr, "cannot load the plug-in: %s\n", dlerror());
    return EXIT_FAILURE;
  }
  greeting greet;
  *(void **)&greet = dlsym(plugin, "greeting");
  if (greet == NULL) {
    fprintf(stderr, "the plug-in has no greeting: %s\n", dlerror());
    return EXIT_FAILURE;
  }
  puts(greet());
  dlclose(plugin);
  return EXIT_SUCCESS;
}
