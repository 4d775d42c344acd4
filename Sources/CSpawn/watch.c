#define _GNU_SOURCE
#include "cspawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#else
#include <sys/event.h>
#endif

#ifndef PIDFD_SIGNAL_PROCESS_GROUP
#define PIDFD_SIGNAL_PROCESS_GROUP (1U << 2)
#endif

enum { BATCH = 64 };

int csp_watcher_open(void) {
#ifdef __linux__
    return epoll_create1(EPOLL_CLOEXEC);
#else
    int fd = kqueue();
    if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
#endif
}

int csp_watcher_add(int watcher, int pidfd, pid_t pid, uint64_t token) {
#ifdef __linux__
    (void)pid;
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.u64 = token};
    if (epoll_ctl(watcher, EPOLL_CTL_ADD, pidfd, &event) == 0) return 0;
    // Watched before: after its one report the entry sleeps until it is armed anew.
    if (errno == EEXIST && epoll_ctl(watcher, EPOLL_CTL_MOD, pidfd, &event) == 0) return 0;
    return errno;
#else
    (void)pidfd;
    struct kevent event;
    EV_SET(&event, (uintptr_t)pid, EVFILT_PROC, EV_ADD | EV_ONESHOT, NOTE_EXIT, 0, (void *)(uintptr_t)token);
    return kevent(watcher, &event, 1, NULL, 0, NULL) == 0 ? 0 : errno;
#endif
}

int csp_watcher_wait(int watcher, uint64_t *tokens, int capacity) {
    if (capacity > BATCH) capacity = BATCH;
#ifdef __linux__
    struct epoll_event events[BATCH];
    int count = epoll_wait(watcher, events, capacity, -1);
    for (int i = 0; i < count; i++) tokens[i] = events[i].data.u64;
#else
    struct kevent events[BATCH];
    int count = kevent(watcher, NULL, 0, events, capacity, NULL);
    for (int i = 0; i < count; i++) tokens[i] = (uint64_t)(uintptr_t)events[i].udata;
#endif
    return count < 0 ? 0 : count;
}

int csp_pidfd_open(pid_t pid) {
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, pid, 0U);
#else
    (void)pid;
    errno = ENOSYS;
    return -1;
#endif
}

int csp_reap(pid_t pid, int *value, bool *signalled) {
    int status = 0;
    pid_t got;
    do got = waitpid(pid, &status, WNOHANG);
    while (got < 0 && errno == EINTR);
    if (got <= 0) return (int)got;
    *signalled = WIFSIGNALED(status);
    *value = *signalled ? WTERMSIG(status) : WEXITSTATUS(status);
    return 1;
}

int csp_signal_process(int pidfd, pid_t pid, int signal) {
#ifdef SYS_pidfd_send_signal
    if (pidfd >= 0) return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0U) == 0 ? 0 : errno;
#endif
    (void)pidfd;
    return kill(pid, signal) == 0 ? 0 : errno;
}

int csp_signal_group(int pidfd, pid_t pid, bool reaped, int signal) {
#ifdef SYS_pidfd_send_signal
    // Linux 6.9 and later. The pidfd names the group itself, also after its leader is gone and its number reused.
    if (pidfd >= 0) {
        if (syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, PIDFD_SIGNAL_PROCESS_GROUP) == 0) return 0;
        if (errno != EINVAL) return errno;
    }
#endif
    (void)pidfd;
    if (reaped) return ESRCH;
    return kill(-pid, signal) == 0 ? 0 : errno;
}

struct thread_start {
    csp_thread_body body;
    void *context;
    const char *name;
};

static void *thread_main(void *raw) {
    struct thread_start start = *(struct thread_start *)raw;
    free(raw);
#ifdef __linux__
    prctl(PR_SET_NAME, start.name, 0, 0, 0);
#else
    pthread_setname_np(start.name);
#endif
    start.body(start.context);
    return NULL;
}

int csp_thread_start(const char *name, csp_thread_body body, void *context) {
    struct thread_start *start = malloc(sizeof *start);
    if (!start) return ENOMEM;
    *start = (struct thread_start){body, context, name};
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    int error = pthread_create(&thread, NULL, thread_main, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) {
        free(start);
        return error;
    }
    pthread_detach(thread);
    return 0;
}
