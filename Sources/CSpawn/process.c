#define _GNU_SOURCE
#include "cspawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#else
#include <libproc.h>
#endif

typedef void (*visitor)(const struct csp_process *process, void *context);

#ifdef __linux__

static char *append_number(char *at, unsigned value) {
    char digits[12];
    int count = 0;
    do digits[count++] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    while (count > 0) *at++ = digits[--count];
    return at;
}

// The number after the next space; 0 at the end of the text.
static uint64_t next_number(const char **at) {
    while (**at && **at != ' ') (*at)++;
    while (**at == ' ') (*at)++;
    bool negative = **at == '-';
    if (negative) (*at)++;
    uint64_t value = 0;
    for (const char *digit = *at; *digit >= '0' && *digit <= '9'; digit++) value = value * 10 + (uint64_t)(*digit - '0');
    return negative ? 0 : value;
}

// Without stdio and malloc: the guardian and freshly forked children run this, too.
int csp_process_info(pid_t pid, struct csp_process *out) {
    if (pid <= 0) return ESRCH;
    char path[32] = "/proc/";
    char *end = append_number(path + 6, (unsigned)pid);
    memcpy(end, "/stat", 6);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? ESRCH : errno;
    char text[1024];
    ssize_t count;
    do count = read(fd, text, sizeof text - 1);
    while (count < 0 && errno == EINTR);
    close(fd);
    if (count <= 0) return ESRCH;
    text[count] = 0;
    // The name, in parentheses, may hold anything, also spaces and parentheses.
    const char *at = strrchr(text, ')');
    if (!at || at[1] != ' ') return EINVAL;
    at += 2;
    char state = *at;
    *out = (struct csp_process){.pid = pid};
    out->parent = (pid_t)next_number(&at);
    out->group = (pid_t)next_number(&at);
    out->session = (pid_t)next_number(&at);
    for (int field = 7; field <= 13; field++) next_number(&at);
    for (int field = 14; field <= 17; field++) out->cpu_ticks += next_number(&at);
    for (int field = 18; field <= 19; field++) next_number(&at);
    uint64_t threads = next_number(&at);
    next_number(&at);
    out->start_time = next_number(&at);
    next_number(&at);
    out->resident_pages = next_number(&at);
    // A first thread that has ended looks like a zombie while its other threads go on.
    out->stopped = state == 'T';
    out->dead = (state == 'Z' && threads <= 1) || state == 'X';
    return 0;
}

struct directory_entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

static void visit_session(pid_t session, visitor visit, void *context) {
    int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    _Alignas(struct directory_entry) char buffer[8192];
    long count;
    while ((count = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0) {
        for (long at = 0; at < count;) {
            const struct directory_entry *entry = (const struct directory_entry *)(buffer + at);
            at += entry->length;
            pid_t pid = 0;
            for (const char *digit = entry->name; *digit; digit++) {
                if (*digit < '0' || *digit > '9') {
                    pid = 0;
                    break;
                }
                pid = pid * 10 + (*digit - '0');
            }
            // getsid first: one system call instead of three for the many processes that are none of our business.
            if (pid <= 0 || (session && getsid(pid) != session)) continue;
            struct csp_process info;
            if (csp_process_info(pid, &info) != 0 || info.dead || (session && info.session != session)) continue;
            visit(&info, context);
        }
    }
    close(fd);
}

#else

int csp_process_info(pid_t pid, struct csp_process *out) {
    struct proc_bsdinfo info;
    if (proc_pidinfo(pid, PROC_PIDTBSDINFO, 0, &info, sizeof info) != (int)sizeof info) return ESRCH;
    *out = (struct csp_process){.pid = pid};
    out->parent = (pid_t)info.pbi_ppid;
    out->group = (pid_t)info.pbi_pgid;
    out->session = getsid(pid);
    out->start_time = info.pbi_start_tvsec * 1000000 + info.pbi_start_tvusec;
    out->dead = info.pbi_status == 5;     // SZOMB
    out->stopped = info.pbi_status == 4;  // SSTOP
    return 0;
}

static void visit_session(pid_t session, visitor visit, void *context) {
    static const int capacity = 4096;
    pid_t pids[capacity];
    int bytes = proc_listpids(PROC_ALL_PIDS, 0, pids, (int)sizeof pids);
    for (int i = 0; i < bytes / (int)sizeof(pid_t); i++) {
        if (pids[i] <= 0 || (session && getsid(pids[i]) != session)) continue;
        struct csp_process info;
        if (csp_process_info(pids[i], &info) == 0 && !info.dead) visit(&info, context);
    }
}

#endif

struct collection {
    struct csp_process *out;
    int capacity;
    int count;
};

static void collect(const struct csp_process *process, void *raw) {
    struct collection *collection = raw;
    if (collection->count < collection->capacity) collection->out[collection->count] = *process;
    collection->count++;
}

int csp_session_members(pid_t session, struct csp_process *out, int capacity) {
    struct collection collection = {out, capacity, 0};
    visit_session(session, collect, &collection);
    return collection.count;
}

struct order {
    pid_t session;
    uint64_t start_time;
    pid_t except;
    int signal;
    int count;
};

static void signal_member(const struct csp_process *process, void *raw) {
    struct order *order = raw;
    if (process->start_time < order->start_time || process->group == order->except) return;
    int pidfd = csp_pidfd_open(process->pid);
    if (pidfd < 0 && errno != ENOSYS) return;
    // Looked at again with the pidfd in hand: from here on the number cannot come to mean another process.
    struct csp_process now;
    if (csp_process_info(process->pid, &now) == 0 && now.start_time == process->start_time
        && now.session == order->session && csp_signal_process(pidfd, process->pid, order->signal) == 0)
        order->count++;
    if (pidfd >= 0) close(pidfd);
}

int csp_signal_session(pid_t session, uint64_t start_time, pid_t except, int signal) {
    if (session <= 1) return 0;
    struct csp_process leader;
    if (csp_process_info(session, &leader) == 0 && leader.start_time != start_time) return 0;
    struct order order = {session, start_time, except, signal, 0};
    visit_session(session, signal_member, &order);
    return order.count;
}
