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

/// This program once more, as processes that only hold what they have inherited.
enum Descendants {
    /// Says its number on stderr, as do those it starts in turn.
    @discardableResult
    static func spawn(_ flag: String, inOwnSession: Bool = false) -> pid_t? {
        var pid: pid_t = 0
        let words: [UnsafeMutablePointer<CChar>?] = [strdup("fakemcp"), strdup(flag), nil]
        let variables = ProcessInfo.processInfo.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + variables).forEach { free($0) } }
        #if os(Linux)
            let path = "/proc/self/exe"
            var attributes = posix_spawnattr_t()
        #else
            let path = CommandLine.arguments[0]
            var attributes: posix_spawnattr_t?
        #endif
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        if inOwnSession { posix_spawnattr_setflags(&attributes, Int16(0x80)) }  // POSIX_SPAWN_SETSID
        guard posix_spawn(&pid, path, nil, &attributes, words, variables) == 0 else { return nil }
        System.say("\(flag) is \(pid)")
        return pid
    }

    /// A grandchild's life.
    static func live() -> Never {
        signal(SIGTERM, SIG_IGN)
        // Nobody ends one that has escaped.
        alarm(120)
        while true { pause() }
    }
}
