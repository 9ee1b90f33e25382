// What Swift's Glibc module hides: thread names, closing descriptors in a child, and how many heaps malloc keeps. No
// logic.
#ifndef TRUSTLOG_CSYSTEM_SHIM_H
#define TRUSTLOG_CSYSTEM_SHIM_H
#include <malloc.h>
#include <pthread.h>
#include <spawn.h>
/// Names the calling thread (at most 15 bytes, see pthread_setname_np(3)).
int pthread_setname_np(pthread_t thread, const char *name);
/// Reads a thread's name into a buffer of at least 16 bytes.
int pthread_getname_np(pthread_t thread, char *name, size_t size);
/// Lets malloc keep at most so many heaps, and give large blocks back to the system as soon as they are freed: by itself it
/// raises the size from which it does with each such block. See mallopt(3).
static inline void trustlog_limit_heaps(int count) {
    mallopt(M_ARENA_MAX, count);
    mallopt(M_MMAP_THRESHOLD, 512 * 1024);
    mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
}
/// Closes every descriptor from `from` on in the child (glibc 2.34).
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
#endif
