import GateBackend
import GateCore
import Logging
import NIOCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Tells when the configuration file may have changed.
///
/// It watches directories, because editors and deployments put a new file in the place of the old one: the file's own directory and,
/// for a link, that of what it leads to. Whoever is told compares the content, so a change of something else there costs a look.
final class ConfigWatcher: Sendable {
    private let path: String
    private let loop: any EventLoop
    private let onChange: @Sendable () -> Void
    private let logger: Logger
    private let settling = Mutex(FileSettling())
    private let watch = Mutex<DirectoryWatch?>(nil)
    private let isReported = Mutex(false)

    /// - Parameters:
    ///   - loop: where the time is waited for until the file has come to rest.
    ///   - onChange: called on any thread.
    init(path: String, loop: any EventLoop, logger: Logger, onChange: @escaping @Sendable () -> Void) {
        self.path = path
        self.loop = loop
        self.logger = logger
        self.onChange = onChange
    }

    func start() {
        let started = DirectoryWatch { [weak self] in self?.changed() }
        watch.withLock { $0 = started }
        arm()
    }

    func stop() { watch.withLock { $0.take() }?.stop() }

    private func changed() {
        let now = Instant.now
        if let due = settling.withLock({ $0.changed(now: now) }) { schedule(due, now) }
    }

    private func schedule(_ due: Instant, _ now: Instant) {
        loop.scheduleTask(in: TimeAmount(now.duration(to: due))) { [weak self] in self?.due() }
    }

    private func due() {
        let now = Instant.now
        switch settling.withLock({ $0.due(now: now) }) {
        case .wait(let until): schedule(until, now)
        case .look:
            // A directory that was replaced, or a link that leads elsewhere now, is another one.
            arm()
            onChange()
        }
    }

    private func arm() {
        guard let watch = watch.withLock({ $0 }) else { return }
        // Where there is no directory there is no file either, and none is expected: the default place.
        let failed = ConfigWatcher.directories(of: path).first {
            !watch.add($0, file: path) && access($0, F_OK) == 0
        }
        let isNew = isReported.withLock { isReported in
            defer { isReported = failed != nil }
            return !isReported
        }
        if let failed, isNew {
            logger.notice("changes in \(failed) are not noticed; after one, run: stonegate reload")
        }
    }

    /// The directory of the file, and the one where it really is when it is a link.
    static func directories(of path: String) -> [String] {
        let own = directory(of: path)
        guard let real = realpath(path, nil) else { return [own] }
        defer { free(real) }
        let target = directory(of: String(cString: real))
        guard let resolved = realpath(own, nil) else { return [own] }
        defer { free(resolved) }
        return target.utf8.elementsEqual(String(cString: resolved).utf8) ? [own] : [own, target]
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
    }
}
