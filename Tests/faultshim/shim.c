// Loaded into the gateway under test (LD_PRELOAD): makes chosen system calls fail on chosen files, counts them, and shifts the wall
// clock, as a small file in shared memory says. Linux only; built by the tests that use it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WRITE, SYNC, TRUNCATE, OPEN, RENAME, CLASSES };

// The layout is that of FaultShim.swift.
struct control {
    int32_t fail_class;      // -1: none
    int32_t fail_at;         // counted from 1
    int32_t fail_errno;      // 0: a write does only half of its work
    int32_t full;            // no write that makes a file larger succeeds
    int64_t clock_offset_ns; // of the wall clock
    int32_t hits;            // failures that were made
    int32_t counts[CLASSES]; // calls on the files below the prefix
    char prefix[512];
};

static struct control *control;

__attribute__((constructor)) static void load(void) {
    const char *path = getenv("STONEGATE_FAULT_SHIM");
    int descriptor;
    if (!path) return;
    descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (descriptor < 0) return;
    void *map = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (map != MAP_FAILED) control = map;
}

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

// The number of a system call that the kernel shall not know; -1 for none.
static long missing_call(void) {
    static long missing = -2;
    if (missing == -2) {
        const char *text = getenv("STONEGATE_FAULT_SHIM_MISSING");
        missing = text ? atol(text) : -1;
    }
    return missing;
}

long syscall(long number, ...) {
    long a[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
    va_end(list);
    REAL(syscall);
    if (number == missing_call()) {
        errno = ENOSYS;
        return -1;
    }
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static int is_ours_path(const char *path) {
    return control && control->prefix[0] && strncmp(path, control->prefix, strlen(control->prefix)) == 0;
}

static int is_ours(int descriptor) {
    char link[64], path[600];
    ssize_t length;
    if (!control || !control->prefix[0]) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_ours_path(path);
}

// Whether this call is to fail; errno says how.
static int fails(int class) {
    int count = __atomic_add_fetch(&control->counts[class], 1, __ATOMIC_SEQ_CST);
    if (class == WRITE && control->full) {
        __atomic_add_fetch(&control->hits, 1, __ATOMIC_SEQ_CST);
        errno = ENOSPC;
        return 1;
    }
    if (control->fail_class != class || count != control->fail_at) return 0;
    __atomic_add_fetch(&control->hits, 1, __ATOMIC_SEQ_CST);
    errno = control->fail_errno;
    return 1;
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    REAL(write);
    if (is_ours(descriptor) && fails(WRITE)) return errno || count < 2 ? -1 : real(descriptor, bytes, count / 2);
    return real(descriptor, bytes, count);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    REAL(pwrite);
    if (is_ours(descriptor) && fails(WRITE)) return errno || count < 2 ? -1 : real(descriptor, bytes, count / 2, offset);
    return real(descriptor, bytes, count, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
    REAL(pwrite64);
    if (is_ours(descriptor) && fails(WRITE)) return errno || count < 2 ? -1 : real(descriptor, bytes, count / 2, offset);
    return real(descriptor, bytes, count, offset);
}

int fsync(int descriptor) {
    REAL(fsync);
    if (is_ours(descriptor) && fails(SYNC)) return -1;
    return real(descriptor);
}

int fdatasync(int descriptor) {
    REAL(fdatasync);
    if (is_ours(descriptor) && fails(SYNC)) return -1;
    return real(descriptor);
}

int ftruncate(int descriptor, off_t length) {
    REAL(ftruncate);
    if (is_ours(descriptor) && fails(TRUNCATE)) return -1;
    return real(descriptor, length);
}

int ftruncate64(int descriptor, off64_t length) {
    REAL(ftruncate64);
    if (is_ours(descriptor) && fails(TRUNCATE)) return -1;
    return real(descriptor, length);
}

int rename(const char *from, const char *to) {
    REAL(rename);
    if (is_ours_path(to) && fails(RENAME)) return -1;
    return real(from, to);
}

#define OPENING(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        va_list arguments; \
        mode_t mode; \
        va_start(arguments, flags); \
        mode = (mode_t)va_arg(arguments, int); \
        va_end(arguments); \
        if (is_ours_path(path) && fails(OPEN)) return -1; \
        return real(path, flags, mode); \
    }

OPENING(open)
OPENING(open64)

static int64_t offset(void) { return control ? __atomic_load_n(&control->clock_offset_ns, __ATOMIC_SEQ_CST) : 0; }

int clock_gettime(clockid_t clock, struct timespec *time) {
    REAL(clock_gettime);
    int result = real(clock, time);
    if (result == 0 && clock == CLOCK_REALTIME && offset()) {
        int64_t all = time->tv_sec * 1000000000LL + time->tv_nsec + offset();
        time->tv_sec = all / 1000000000LL;
        time->tv_nsec = all % 1000000000LL;
    }
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}
