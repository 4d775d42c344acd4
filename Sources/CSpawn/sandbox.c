#define _GNU_SOURCE
#include "cspawn.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

// Landlock by its numbers, which are the same on every architecture: the headers of the C library may be older than the kernel.
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446 };
enum { RULE_PATH = 1, RULE_PORT = 2, VERSION_FLAG = 1 };
enum { FILES_SINCE = 1, REFER_SINCE = 2, TRUNCATE_SINCE = 3, TCP_SINCE = 4, DEVICES_SINCE = 5, SCOPES_SINCE = 6 };

static const uint64_t execute = 1 << 0, write_file = 1 << 1, read_file = 1 << 2, read_directory = 1 << 3,
                      first_thirteen = (1 << 13) - 1, refer = 1 << 13, truncate_file = 1 << 14, device = 1 << 15;
static const uint64_t bind_tcp = 1 << 0, connect_tcp = 1 << 1, abstract_sockets = 1 << 0, signals = 1 << 1;

struct ruleset {
    uint64_t files;
    uint64_t ports;
    uint64_t scopes;
};

struct path_rule {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

struct port_rule {
    uint64_t allowed;
    uint64_t port;
};

static uint64_t every_file_access(int abi) {
    return first_thirteen | (abi >= REFER_SINCE ? refer : 0) | (abi >= TRUNCATE_SINCE ? truncate_file : 0)
        | (abi >= DEVICES_SINCE ? device : 0);
}

int csp_landlock_abi(void) {
    long abi = syscall(CREATE_RULESET, NULL, 0, VERSION_FLAG);
    return abi < 0 ? 0 : (int)abi;
}

int csp_sandbox_open(int abi, bool *handles_tcp) {
    struct ruleset rules = {.files = every_file_access(abi)};
    if (abi >= TCP_SINCE) rules.ports = bind_tcp | connect_tcp;
    if (abi >= SCOPES_SINCE) rules.scopes = abstract_sockets | signals;
    *handles_tcp = rules.ports != 0;
    size_t size = abi >= SCOPES_SINCE ? 24 : abi >= TCP_SINCE ? 16 : 8;
    // The kernel makes it close-on-exec.
    return (int)syscall(CREATE_RULESET, &rules, size, 0);
}

int csp_sandbox_path(int ruleset, int abi, const char *path, bool writes) {
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0) return errno;
    struct stat info;
    int error = fstat(fd, &info) == 0 ? 0 : errno;
    uint64_t every = every_file_access(abi);
    uint64_t allowed = execute | read_file | read_directory | (writes ? every : 0);
    // What means something for directories alone is refused for anything else.
    if (!S_ISDIR(info.st_mode)) allowed &= execute | write_file | read_file | truncate_file | device;
    struct path_rule rule = {allowed & every, fd};
    if (error == 0 && syscall(ADD_RULE, ruleset, RULE_PATH, &rule, 0) != 0) error = errno;
    close(fd);
    return error;
}

int csp_sandbox_port(int ruleset, uint16_t port) {
    struct port_rule rule = {connect_tcp, port};
    return syscall(ADD_RULE, ruleset, RULE_PORT, &rule, 0) == 0 ? 0 : errno;
}

// Root's powers reach around the sandbox: into the environment of other processes, for one. no_new_privs keeps exec from giving
// them back.
static int drop_capabilities(void) {
    for (int number = 0; number < 64; number++) prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
    return (int)syscall(SYS_capset, &header, none);
}

int csp_sandbox_enter(int ruleset) {
    if (drop_capabilities() != 0) return -1;
    return syscall(RESTRICT_SELF, ruleset, 0) == 0 ? 0 : -1;
}

int csp_conceal_process(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : errno; }

#else

int csp_landlock_abi(void) { return 0; }

int csp_sandbox_open(int abi, bool *handles_tcp) {
    (void)abi;
    *handles_tcp = false;
    errno = ENOSYS;
    return -1;
}

int csp_sandbox_path(int ruleset, int abi, const char *path, bool writes) {
    (void)ruleset, (void)abi, (void)path, (void)writes;
    return ENOSYS;
}

int csp_sandbox_port(int ruleset, uint16_t port) {
    (void)ruleset, (void)port;
    return ENOSYS;
}

int csp_sandbox_enter(int ruleset) {
    (void)ruleset;
    errno = ENOSYS;
    return -1;
}

int csp_conceal_process(void) { return 0; }

#endif

// Goes on after a failure: the rest is removed all the same.
static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place) {
    (void)info, (void)kind, (void)place;
    remove(path);
    return 0;
}

void csp_remove_tree(const char *path) { nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); }
