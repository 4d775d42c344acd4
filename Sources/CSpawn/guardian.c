#define _GNU_SOURCE
#include "cspawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

struct record {
    int64_t session;  // negative: forget it
    uint64_t start_time;
};

enum { CAPACITY = 65536, PASSES = 60, PASS_MS = 50 };

struct ledger {
    struct record *records;
    int count;
};

// Sessions that nobody is in any more need no guarding. Called only when there is no room left.
static void forget_empty(struct ledger *ledger) {
    int kept = 0;
    for (int i = 0; i < ledger->count; i++) {
        struct record record = ledger->records[i];
        if (csp_session_members((pid_t)record.session, NULL, 0) > 0) ledger->records[kept++] = record;
    }
    ledger->count = kept;
}

static void note(struct ledger *ledger, struct record record) {
    int64_t session = record.session < 0 ? -record.session : record.session;
    for (int i = 0; i < ledger->count; i++) {
        if (ledger->records[i].session != session) continue;
        ledger->records[i] = ledger->records[--ledger->count];
        break;
    }
    if (record.session <= 1) return;
    if (ledger->count == CAPACITY) forget_empty(ledger);
    if (ledger->count < CAPACITY) ledger->records[ledger->count++] = record;
}

// Again and again, because a process may fork between the look and the signal.
static void kill_all(struct ledger *ledger) {
    for (int pass = 0; pass < PASSES; pass++) {
        int signalled = 0;
        for (int i = 0; i < ledger->count; i++)
            signalled += csp_signal_session((pid_t)ledger->records[i].session, ledger->records[i].start_time, 0, SIGKILL);
        if (signalled == 0) return;
        struct timespec pause = {0, PASS_MS * 1000000L};
        nanosleep(&pause, NULL);
    }
}

static void become_background(int fd) {
    setsid();
    struct sigaction action;
    memset(&action, 0, sizeof action);
    for (int number = 1; number < NSIG; number++) {
        bool stays = number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT || number == SIGPIPE;
        action.sa_handler = stays ? SIG_IGN : SIG_DFL;
        sigaction(number, &action, NULL);
    }
    // Every other descriptor of the parent would be held open after its end: sockets, locks, somebody's pipe.
    if (fd != 3) {
        dup2(fd, 3);
        close(fd);
    }
    for (int i = 0; i < 3; i++) close(i);
    int nowhere = open("/dev/null", O_RDWR);
    if (nowhere == 0) {
        dup2(0, 1);
        dup2(0, 2);
    }
#ifdef SYS_close_range
    if (syscall(SYS_close_range, 4U, ~0U, 0U) != 0)
#endif
        for (int i = 4; i < 65536; i++) close(i);
    if (chdir("/") != 0) return;
#ifdef __linux__
    // Without the program's name in it: who kills the gateway by name does not mean the guardian.
    prctl(PR_SET_NAME, "sg-guardian", 0, 0, 0);
#endif
}

static _Noreturn void guard(int fd) {
    become_background(fd);
    struct ledger ledger = {.count = 0};
    ledger.records = mmap(NULL, sizeof(struct record) * CAPACITY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    if (ledger.records == MAP_FAILED) _exit(1);
    struct record record;
    size_t filled = 0;
    for (;;) {
        ssize_t count = read(3, (char *)&record + filled, sizeof record - filled);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        filled += (size_t)count;
        if (filled < sizeof record) continue;
        filled = 0;
        note(&ledger, record);
    }
    kill_all(&ledger);
    _exit(0);
}

int csp_guardian_start(void) {
    int ends[2];
    // A socket, not a pipe: send() can be told not to raise SIGPIPE.
#ifdef __linux__
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return -1;
#else
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return -1;
    int on = 1;
    setsockopt(ends[1], SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
    for (int i = 0; i < 2; i++) {
        int moved = fcntl(ends[i], F_DUPFD_CLOEXEC, 3);
        if (moved < 0) {
            int error = errno;
            close(ends[0]);
            close(ends[1]);
            errno = error;
            return -1;
        }
        close(ends[i]);
        ends[i] = moved;
    }
    // Twice, so that init adopts and reaps the guardian should it end first.
    pid_t middle = fork();
    if (middle == 0) {
        pid_t last = fork();
        if (last == 0) guard(ends[0]);
        _exit(last < 0 ? 1 : 0);
    }
    int error = errno;
    close(ends[0]);
    int status = 0;
    if (middle > 0) {
        while (waitpid(middle, &status, 0) < 0 && errno == EINTR) {}
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return ends[1];
        error = EAGAIN;
    }
    close(ends[1]);
    errno = error;
    return -1;
}

int csp_guardian_tell(int guardian_fd, bool add, pid_t session, uint64_t start_time) {
    struct record record = {add ? session : -(int64_t)session, start_time};
    int flags = 0;
#ifdef MSG_NOSIGNAL
    flags = MSG_NOSIGNAL;
#endif
    ssize_t count;
    do count = send(guardian_fd, &record, sizeof record, flags);
    while (count < 0 && errno == EINTR);
    return count == (ssize_t)sizeof record ? 0 : count < 0 ? errno : EIO;
}
