import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A spawned child and the ends of its three pipes.
struct ChildPipes {
    var pid: pid_t
    var input: Int32
    var output: Int32
    var errors: Int32

    static func spawn(
        _ path: String, _ arguments: [String], environment: [String: String]?, directory: String?
    ) throws -> ChildPipes {
        ignoreBrokenPipes
        return try spawning.withLock { _ in
            try locked(path, arguments, environment: environment, directory: directory)
        }
    }

    /// One child at a time, so that none inherits the pipes of another before they are marked.
    private static let spawning = Mutex(())

    private static func locked(
        _ path: String, _ arguments: [String], environment: [String: String]?, directory: String?
    ) throws -> ChildPipes {
        let input = try pipe()
        let output = try pipe()
        let errors = try pipe()
        defer { for end in [input.reading, output.writing, errors.writing] { close(end) } }

        #if canImport(Glibc)
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #else
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input.reading, 0)
        posix_spawn_file_actions_adddup2(&actions, output.writing, 1)
        posix_spawn_file_actions_adddup2(&actions, errors.writing, 2)

        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setpgroup(&attributes, 0)
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let variables = environment ?? ProcessInfo.processInfo.environment
        // The shell changes the directory and becomes the program: no call for that is visible on every system.
        let changing = directory.map { ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", $0] } ?? []
        let words = changing + [path] + arguments
        var argv = words.map { strdup($0) } + [nil]
        var envp = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for word in argv + envp { free(word) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, words[0], &actions, &attributes, &argv, &envp)
        guard result == 0 else {
            for end in [input.writing, output.reading, errors.reading] { close(end) }
            throw TestKitError("cannot start \(path): \(String(cString: strerror(result)))")
        }
        return ChildPipes(pid: pid, input: input.writing, output: output.reading, errors: errors.reading)
    }

    /// A write to a child that is gone must be an error, not the end of the tests.
    private static let ignoreBrokenPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

    private static func pipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        #if canImport(Glibc)
            try Sockets.check("pipe", Glibc.pipe(&ends))
        #else
            try Sockets.check("pipe", Darwin.pipe(&ends))
        #endif
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}
