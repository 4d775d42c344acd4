import Dispatch
import GateConfig
import Synchronization

/// Reads the configuration again, one reload at a time, on a thread of its own: files block.
final class ConfigReloader: Sendable {
    /// What was read when the gateway was last told to look.
    private struct Seen {
        var path: String?
        var bytes: [UInt8]?
        var problem: ConfigProblem?
    }

    private let source: ConfigSource
    private let queue = DispatchQueue(label: "stonegate.reload")
    /// The file whose content is in force.
    private let pathInForce = Mutex<String?>(nil)
    private let seen = Mutex(Seen())
    private let isSignalled = Atomic<Bool>(false)

    init(source: ConfigSource) { self.source = source }

    /// Remembers what the gateway was started with.
    func started(with file: ConfigFile?) {
        pathInForce.withLock { $0 = file?.path }
        seen.withLock { $0 = Seen(path: file?.path, bytes: file?.bytes) }
    }

    /// - Returns: whether a reload is to be asked for: none is waiting to begin that was asked for by a signal.
    func beginsSignal() -> Bool { !isSignalled.exchange(true, ordering: .acquiringAndReleasing) }

    /// - Parameters:
    ///   - onlyIfChanged: do nothing when the file is as it was when it was last looked at, good or bad.
    ///   - apply: takes the configuration, or tells why it cannot.
    /// - Returns: nil when there was nothing to do.
    func reload(
        onlyIfChanged: Bool,
        _ apply: @escaping @Sendable (LoadedConfig, ConfigFile?) throws(ConfigProblems) -> ReloadReport
    ) async -> Result<ReloadReport, ConfigProblems>? {
        await withCheckedContinuation { continuation in
            queue.async { [self] in
                continuation.resume(returning: perform(onlyIfChanged: onlyIfChanged, apply))
            }
        }
    }

    private func perform(
        onlyIfChanged: Bool, _ apply: (LoadedConfig, ConfigFile?) throws(ConfigProblems) -> ReloadReport
    ) -> Result<ReloadReport, ConfigProblems>? {
        // From here on the file is read: a signal that comes now wants it read again.
        isSignalled.store(false, ordering: .sequentiallyConsistent)
        var now = Seen()
        var file: ConfigFile?
        do throws(ConfigProblem) {
            file = try source.read()
            now.path = file?.path
            now.bytes = file?.bytes
        } catch {
            now.problem = error
        }
        let isNew = seen.withLock { seen in
            defer { seen = now }
            return seen.path != now.path || seen.bytes != now.bytes || seen.problem != now.problem
        }
        if onlyIfChanged, !isNew { return nil }
        do throws(ConfigProblems) {
            let problem = now.problem ?? ConfigSource.problem(of: file, replacing: pathInForce.withLock { $0 })
            if let problem { throw ConfigProblems([problem]) }
            let report = try apply(try source.load(file), file)
            pathInForce.withLock { $0 = file?.path }
            return .success(report)
        } catch {
            return .failure(error)
        }
    }
}
