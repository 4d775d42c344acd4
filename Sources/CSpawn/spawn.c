#define _GNU_SOURCE
#include "cspawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

struct failure {
    int stage;
    int error;
};

// The descriptors of one spawn. Everything that is not -1 at the end is closed.
enum { IN_CHILD, IN_PARENT, OUT_PARENT, OUT_CHILD, ERR_PARENT, ERR_CHILD, FAIL_PARENT, FAIL_CHILD, FD_COUNT };

static void close_one(int *fd) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

// A close-on-exec pipe whose ends lie above 2, so that the child's dup2 calls cannot overwrite one of them.
static int safe_pipe(int ends[2]) {
#ifdef __linux__
    if (pipe2(ends, O_CLOEXEC) != 0) {
        ends[0] = ends[1] = -1;
        return -1;
    }
#else
    if (pipe(ends) != 0) {
        ends[0] = ends[1] = -1;
        return -1;
    }
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
#endif
    for (int i = 0; i < 2; i++) {
        if (ends[i] > 2) continue;
        int moved = fcntl(ends[i], F_DUPFD_CLOEXEC, 3);
        if (moved < 0) return -1;
        close(ends[i]);
        ends[i] = moved;
    }
    return 0;
}

// ---- In the child: async-signal-safe calls only -------------------------------------------------------------------

static _Noreturn void give_up(int report, int stage) {
    struct failure failure = {stage, errno};
    while (write(report, &failure, sizeof failure) < 0 && errno == EINTR) {}
    _exit(127);
}

static void close_from(int first) {
#ifdef SYS_close_range
    if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) == 0) return;
#endif
    struct rlimit limit;
    int end = 65536;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 1048576) end = (int)limit.rlim_cur;
    for (int fd = first; fd < end; fd++) close(fd);
}

// Never above what the parent itself may have: raising a limit is not ours to do.
static int lower(int resource, uint64_t value) {
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0) return -1;
    rlim_t wanted = (rlim_t)value;
    if (limit.rlim_max != RLIM_INFINITY && wanted > limit.rlim_max) wanted = limit.rlim_max;
    limit.rlim_cur = limit.rlim_max = wanted;
    return setrlimit(resource, &limit);
}

static void default_signals(void) {
#ifdef __linux__
    // Not sigaction(): the C library keeps two signals to itself and would leave them ignored if they are. All zero is
    // the kernel's "default, no flags, empty mask".
    uint64_t plain[8] = {0};
    for (int number = 1; number <= 64; number++) syscall(SYS_rt_sigaction, number, plain, NULL, sizeof(uint64_t));
#else
    struct sigaction plain;
    memset(&plain, 0, sizeof plain);
    plain.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; number++) sigaction(number, &plain, NULL);
#endif
}

static _Noreturn void run_child(const struct csp_request *request, const int fds[FD_COUNT], pid_t parent) {
    int report = fds[FAIL_CHILD];
    if (setsid() < 0) give_up(report, CSP_STAGE_SETUP);
#ifdef __linux__
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) give_up(report, CSP_STAGE_SETUP);
    // The parent may have died before the line above; then nobody would ever tell.
    if (getppid() != parent) _exit(127);
#else
    (void)parent;
#endif
    umask(077);
    default_signals();
    sigset_t none;
    sigemptyset(&none);
    if (sigprocmask(SIG_SETMASK, &none, NULL) != 0) give_up(report, CSP_STAGE_SETUP);

    if (dup2(fds[IN_CHILD], 0) < 0 || dup2(fds[OUT_CHILD], 1) < 0 || dup2(fds[ERR_CHILD], 2) < 0)
        give_up(report, CSP_STAGE_SETUP);
    if (request->cwd && chdir(request->cwd) != 0) give_up(report, CSP_STAGE_CHDIR);
    // Told by the child itself, before it can start anything: no moment in which the guardian does not know it.
    struct csp_process self;
    if (request->guardian_fd >= 0 && csp_process_info(getpid(), &self) == 0)
        csp_guardian_tell(request->guardian_fd, true, self.pid, self.start_time);

#ifdef __linux__
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up(report, CSP_STAGE_SETUP);
#endif
    // After the guardian was told, for which /proc is read, and before the ruleset's descriptor is closed.
    if (request->sandbox_fd >= 0 && csp_sandbox_enter(request->sandbox_fd) != 0) give_up(report, CSP_STAGE_SANDBOX);
    if (report != 3) {
        if (dup2(report, 3) < 0) give_up(report, CSP_STAGE_SETUP);
        report = 3;
    }
    if (fcntl(report, F_SETFD, FD_CLOEXEC) != 0) give_up(report, CSP_STAGE_SETUP);
    close_from(4);
    if (lower(RLIMIT_CORE, 0) != 0 || (request->limit_open_files && lower(RLIMIT_NOFILE, request->limit_open_files) != 0)
        || (request->limit_address_space && lower(RLIMIT_AS, request->limit_address_space) != 0)
        || (request->limit_processes && lower(RLIMIT_NPROC, request->limit_processes) != 0)
        || (request->limit_file_size && lower(RLIMIT_FSIZE, request->limit_file_size) != 0)
        || (request->limit_cpu_seconds && lower(RLIMIT_CPU, request->limit_cpu_seconds) != 0))
        give_up(report, CSP_STAGE_LIMITS);
    execve(request->path, request->argv, request->envp);
    give_up(report, CSP_STAGE_EXEC);
}

// ---- In the parent ------------------------------------------------------------------------------------------------

// What the child reported: nothing (it runs the program), a failure, or silence.
static struct failure await_exec(int fd, int timeout_ms) {
    struct failure failure = {CSP_STAGE_NONE, 0};
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    int ready;
    do ready = poll(&wait, 1, timeout_ms);
    while (ready < 0 && errno == EINTR);
    if (ready == 0) return (struct failure){CSP_STAGE_TIMEOUT, ETIMEDOUT};
    ssize_t count;
    do count = read(fd, &failure, sizeof failure);
    while (count < 0 && errno == EINTR);
    if (count == 0) return (struct failure){CSP_STAGE_NONE, 0};
    if (count != (ssize_t)sizeof failure) return (struct failure){CSP_STAGE_SETUP, EIO};
    return failure;
}

void csp_kill_and_reap(pid_t pid) {
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
}

// With SIGCHLD ignored, which a program can inherit, the kernel throws exit statuses away.
static void want_statuses(void) {
    struct sigaction action;
    if (sigaction(SIGCHLD, NULL, &action) != 0 || action.sa_handler != SIG_IGN) return;
    action.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &action, NULL);
}

int csp_spawn(const struct csp_request *request, struct csp_result *result) {
    *result = (struct csp_result){.pid = -1, .pidfd = -1, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1};
    int fds[FD_COUNT];
    for (int i = 0; i < FD_COUNT; i++) fds[i] = -1;
    struct failure failure = {CSP_STAGE_NONE, 0};

    if (safe_pipe(&fds[IN_CHILD]) != 0 || safe_pipe(&fds[OUT_PARENT]) != 0 || safe_pipe(&fds[ERR_PARENT]) != 0
        || safe_pipe(&fds[FAIL_PARENT]) != 0) {
        failure = (struct failure){CSP_STAGE_PIPE, errno};
        goto out;
    }

    want_statuses();
    // No handler of this process may run in the child, which shares nothing but looks alike.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) run_child(request, fds, parent);
    int fork_error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (pid < 0) {
        failure = (struct failure){CSP_STAGE_FORK, fork_error};
        goto out;
    }

    close_one(&fds[IN_CHILD]);
    close_one(&fds[OUT_CHILD]);
    close_one(&fds[ERR_CHILD]);
    close_one(&fds[FAIL_CHILD]);
#ifdef __linux__
    result->pidfd = csp_pidfd_open(pid);
    if (result->pidfd < 0) {
        failure = (struct failure){CSP_STAGE_PIDFD, errno};
        kill(-pid, SIGKILL);
        csp_kill_and_reap(pid);
        goto forget;
    }
#endif
    failure = await_exec(fds[FAIL_PARENT], request->timeout_ms);
    struct csp_process info;
    if (csp_process_info(pid, &info) == 0) result->start_time = info.start_time;
    if (failure.stage == CSP_STAGE_NONE || failure.stage == CSP_STAGE_TIMEOUT) result->pid = pid;
    if (failure.stage == CSP_STAGE_NONE) {
        result->stdin_fd = fds[IN_PARENT];
        result->stdout_fd = fds[OUT_PARENT];
        result->stderr_fd = fds[ERR_PARENT];
        fds[IN_PARENT] = fds[OUT_PARENT] = fds[ERR_PARENT] = -1;
        goto out;
    }
    if (failure.stage == CSP_STAGE_TIMEOUT) {
        // Stuck in the kernel (a dead network mount, say). Waiting here would stop every later spawn.
        kill(pid, SIGKILL);
        goto out;
    }
    csp_kill_and_reap(pid);
    close_one(&result->pidfd);
#ifdef __linux__
forget:
#endif
    if (request->guardian_fd >= 0) csp_guardian_tell(request->guardian_fd, false, pid, 0);
out:
    for (int i = 0; i < FD_COUNT; i++) close_one(&fds[i]);
    result->stage = failure.stage;
    result->error = failure.error;
    return failure.stage == CSP_STAGE_NONE ? 0 : -1;
}

// ---- Small helpers ------------------------------------------------------------------------------------------------

int csp_set_nonblocking(int fd) {
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? errno : 0;
}

int csp_open_read(const char *path) { return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); }

enum csp_file_kind csp_file_kind(const char *path) {
    struct stat info;
    if (stat(path, &info) != 0) return CSP_FILE_MISSING;
    if (S_ISDIR(info.st_mode)) return CSP_FILE_DIRECTORY;
    return S_ISREG(info.st_mode) && access(path, X_OK) == 0 ? CSP_FILE_EXECUTABLE : CSP_FILE_PLAIN;
}
