// The few things about processes that Swift cannot do itself: code between fork and exec, variadic system calls,
// and code that must run in a forked process without touching the Swift runtime.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// ---- Starting a process -------------------------------------------------------------------------------------------

/// The step of csp_spawn that failed.
enum csp_stage {
    CSP_STAGE_NONE = 0,
    CSP_STAGE_PIPE,
    CSP_STAGE_FORK,
    CSP_STAGE_PIDFD,
    CSP_STAGE_SETUP,
    CSP_STAGE_CHDIR,
    CSP_STAGE_LIMITS,
    CSP_STAGE_SANDBOX,
    CSP_STAGE_EXEC,
    /// The child neither ran the program nor reported an error in time. pid and pidfd are valid: it still has to be reaped.
    CSP_STAGE_TIMEOUT,
};

struct csp_request {
    const char *path;           // absolute
    char *const *argv;          // NULL-terminated
    char *const *envp;          // NULL-terminated, exactly what the child gets
    const char *cwd;            // or NULL
    uint64_t limit_open_files;  // for every limit: 0 leaves it as it is
    uint64_t limit_address_space;
    uint64_t limit_processes;
    uint64_t limit_file_size;
    uint64_t limit_cpu_seconds;
    int sandbox_fd;             // from csp_sandbox_open, or -1
    int guardian_fd;            // from csp_guardian_start, or -1
    int timeout_ms;             // for everything up to a successful exec
};

struct csp_result {
    pid_t pid;
    int pidfd;                  // -1 where the system has none
    int stdin_fd;               // the parent's ends, all close-on-exec and above 2
    int stdout_fd;
    int stderr_fd;
    uint64_t start_time;        // see csp_process
    int stage;                  // enum csp_stage
    int error;                  // errno of that stage
};

/// Starts a program in a session and process group of its own. Returns 0, or -1 with stage and error filled in and,
/// except for CSP_STAGE_TIMEOUT, nothing left over: no descriptor, no child.
/// Call it only from a thread that never ends: on Linux the child dies with the thread that made it.
int csp_spawn(const struct csp_request *request, struct csp_result *result);

// ---- Sandbox (Landlock) -------------------------------------------------------------------------------------------

/// The version of Landlock that the running kernel offers; 0 for none.
int csp_landlock_abi(void);
/// A ruleset that forbids all that this version can forbid: files, from 4 on TCP, from 6 on signals and abstract sockets
/// towards processes outside. Returns its close-on-exec descriptor, or -1 with errno set.
int csp_sandbox_open(int abi, bool *handles_tcp);
/// Allows reading and executing beneath a path, or everything. Returns 0 or an errno.
int csp_sandbox_path(int ruleset, int abi, const char *path, bool writes);
/// Allows TCP connections to a port; only where TCP is handled. Returns 0 or an errno.
int csp_sandbox_port(int ruleset, uint16_t port);
/// Drops all capabilities and holds the calling thread to the ruleset, for good. Async-signal-safe. Returns 0, or -1 with errno set.
int csp_sandbox_enter(int ruleset);
/// Removes a directory and all that is in it, following no link. What cannot be removed stays.
void csp_remove_tree(const char *path);
/// No core dumps of this process and no access to its memory and environment by others of the same user. Returns 0 or an errno.
int csp_conceal_process(void);

// ---- Watching and signalling --------------------------------------------------------------------------------------

/// A descriptor (epoll or kqueue) that reports the end of processes, or -1 with errno set.
int csp_watcher_open(void);
/// Reports `token` once, when the process ends. pidfd is used where there are pidfds, else pid. Returns 0 or an errno.
int csp_watcher_add(int watcher, int pidfd, pid_t pid, uint64_t token);
/// Blocks for the next reports. Returns how many tokens were stored.
int csp_watcher_wait(int watcher, uint64_t *tokens, int capacity);

/// A close-on-exec pidfd, or -1 with errno set (always ENOSYS where the system has none).
int csp_pidfd_open(pid_t pid);
/// Reaps a child of this process that has ended. Returns 1 (reaped), 0 (still running) or -1 (errno).
/// On 1, *signalled says whether *value is a signal number or an exit code.
int csp_reap(pid_t pid, int *value, bool *signalled);
/// Ends a child of this process and waits for that.
void csp_kill_and_reap(pid_t pid);
/// Signals one process through its pidfd (or by pid where there are none). Returns 0 or an errno.
int csp_signal_process(int pidfd, pid_t pid, int signal);
/// Signals the process group led by this process. `reaped` says that the leader is gone, so that its number alone is
/// no longer proof; then only the pidfd is used. Returns 0 or an errno.
int csp_signal_group(int pidfd, pid_t pid, bool reaped, int signal);

// ---- Looking at processes -----------------------------------------------------------------------------------------

struct csp_process {
    pid_t pid;
    pid_t parent;
    pid_t group;
    pid_t session;
    uint64_t start_time;        // Linux: clock ticks since boot; macOS: microseconds since 1970
    uint64_t cpu_ticks;         // user and system time, with that of reaped children
    uint64_t resident_pages;
    bool dead;                  // a zombie
    bool stopped;               // by SIGSTOP or its like; it does nothing until SIGCONT
};

/// Returns 0 or an errno (ESRCH: no such process).
int csp_process_info(pid_t pid, struct csp_process *out);
/// Living (not zombie) processes of a session, or of all sessions for 0. Stores up to `capacity`; returns how many
/// there are.
int csp_session_members(pid_t session, struct csp_process *out, int capacity);
/// Signals every living member of the session whose leader had this number and start time, except those of the group
/// `except` (0: none). Does nothing when the number now belongs to another process. Returns how many were signalled.
/// Async-signal-safe on Linux.
int csp_signal_session(pid_t session, uint64_t start_time, pid_t except, int signal);

// ---- Guardian -----------------------------------------------------------------------------------------------------

/// Forks the guardian: a process that kills every recorded session when this process is gone. Call it before any other
/// thread exists. Returns the descriptor that keeps it content, or -1 with errno set.
int csp_guardian_start(void);
/// Records (add) or forgets a session. Returns 0 or an errno. Never raises SIGPIPE, never blocks for long.
int csp_guardian_tell(int guardian_fd, bool add, pid_t session, uint64_t start_time);

// ---- Small helpers ------------------------------------------------------------------------------------------------

typedef void (*csp_thread_body)(void *context);
/// Starts a detached thread with all signals blocked. Returns 0 or an errno.
int csp_thread_start(const char *name, csp_thread_body body, void *context);
/// Sets O_NONBLOCK. Returns 0 or an errno.
int csp_set_nonblocking(int fd);
int csp_open_read(const char *path);
enum csp_file_kind { CSP_FILE_MISSING = 0, CSP_FILE_DIRECTORY, CSP_FILE_PLAIN, CSP_FILE_EXECUTABLE };
enum csp_file_kind csp_file_kind(const char *path);
