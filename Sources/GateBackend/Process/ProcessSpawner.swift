import CSpawn
import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Starts all child processes, one after another, on one thread that never ends: on Linux a child with a parent-death
/// signal is killed when the *thread* that made it ends.
package final class ProcessSpawner: Sendable {
    package static let shared = ProcessSpawner()

    private struct Job: Sendable {
        let spec: ProcessSpec
        let reply: OneShot<Result<ChildProcess, SpawnFailure>>
    }

    private struct State {
        var jobs: [Job] = []
        var hasThread = false
        var watcher: ProcessWatcher?
        var ledger: ChildLedger?
    }

    /// Up to the point at which the program itself runs.
    private static let timeoutMilliseconds: Int32 = 10_000

    private let state = Mutex(State())
    private let work = DispatchSemaphore(value: 0)

    private init() {}

    /// Notes all children in a file from now on.
    package func keep(_ ledger: ChildLedger) { state.withLock { $0.ledger = ledger } }

    /// Returns when the program runs. Not cancellable: it takes milliseconds, and whoever asked owns the child.
    package func spawn(_ spec: ProcessSpec) async throws(SpawnFailure) -> ChildProcess {
        try Self.validate(spec)
        let job = Job(spec: spec, reply: OneShot())
        let failure: SpawnFailure? = state.withLock {
            if !$0.hasThread {
                let error = WorkerThread.start("process-spawner") { [self] in
                    while true { runNext() }
                }
                guard error == 0 else { return .resources(error, "start \(spec.executable)") }
                $0.hasThread = true
            }
            $0.jobs.append(job)
            return nil
        }
        if let failure { throw failure }
        work.signal()
        return try await job.reply.wait().get()
    }

    private static func validate(_ spec: ProcessSpec) throws(SpawnFailure) {
        guard spec.executable.utf8.first == UInt8(ascii: "/"), spec.workingDirectory.utf8.first == UInt8(ascii: "/")
        else {
            throw SpawnFailure(
                .invalidRequest,
                "The program and its working directory must be absolute paths. Check `command` and `cwd`.")
        }
        let texts = [spec.executable, spec.workingDirectory] + spec.arguments + spec.environment.map(\.value)
        guard !texts.contains(where: { $0.utf8.contains(0) }),
            !spec.environment.contains(where: { !ChildEnvironment.isValid(name: $0.name) })
        else {
            throw SpawnFailure(
                .invalidRequest,
                "A path, argument or variable of \(spec.executable) holds a NUL byte, or the name of a variable is "
                    + "empty or contains `=`. Correct `args` or `env`.")
        }
    }

    // MARK: On the spawner's thread

    private func runNext() {
        work.wait()
        guard let job = state.withLock({ $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }) else { return }
        do throws(SpawnFailure) {
            job.reply.fulfil(.success(try start(job.spec, watcher: try watcher())))
        } catch {
            job.reply.fulfil(.failure(error))
        }
    }

    private func watcher() throws(SpawnFailure) -> ProcessWatcher {
        if let watcher = state.withLock({ $0.watcher }) { return watcher }
        let watcher = try ProcessWatcher()
        state.withLock { $0.watcher = watcher }
        return watcher
    }

    private func start(_ spec: ProcessSpec, watcher: ProcessWatcher) throws(SpawnFailure) -> ChildProcess {
        var result = csp_result()
        let ruleset = try spec.sandbox?.open() ?? -1
        defer { if ruleset >= 0 { close(ruleset) } }
        CStrings.with([spec.executable] + spec.arguments) { argv in
            CStrings.with(spec.environment.map { "\($0.name)=\($0.value)" } + (spec.mark.map { [$0.text] } ?? [])) {
                envp in
                spec.executable.withCString { path in
                    spec.workingDirectory.withCString { cwd in
                        var request = csp_request()
                        request.path = path
                        request.argv = argv
                        request.envp = envp
                        request.cwd = cwd
                        request.limit_open_files = spec.limits.openFiles ?? 0
                        request.limit_address_space = spec.limits.addressSpace ?? 0
                        request.limit_processes = spec.limits.processes ?? 0
                        request.limit_file_size = spec.limits.fileSize ?? 0
                        request.limit_cpu_seconds = spec.limits.cpuSeconds ?? 0
                        request.sandbox_fd = ruleset
                        request.guardian_fd = Guardian.registrationDescriptor
                        request.timeout_ms = Self.timeoutMilliseconds
                        _ = csp_spawn(&request, &result)
                    }
                }
            }
        }
        let failed = UInt32(bitPattern: result.stage) != CSP_STAGE_NONE.rawValue
        if result.pid > 0 {
            let stdio =
                failed ? nil : ChildStdio(stdin: result.stdin_fd, stdout: result.stdout_fd, stderr: result.stderr_fd)
            let child = ChildProcess(
                pid: result.pid, pidfd: result.pidfd, startTime: result.start_time, stdio: stdio, watcher: watcher,
                ledger: state.withLock { $0.ledger }, mark: spec.mark,
                sandbox: spec.sandbox)
            guard child.adopt() else {
                throw SpawnFailure(.outOfMemory, "Cannot watch \(spec.executable): the system is out of memory.")
            }
            if !failed { return child }
        }
        throw SpawnFailure(stage: result.stage, errno: result.error, spec: spec)
    }
}
