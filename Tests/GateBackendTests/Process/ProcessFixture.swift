import CSpawn
import Dispatch
import Testing

@testable import GateBackend

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

enum ProcessFixture {
    static let path = [(name: "PATH", value: "/usr/bin:/bin")]

    static func sh(_ script: String) -> ProcessSpec {
        ProcessSpec(executable: "/bin/sh", arguments: ["-c", script], environment: path)
    }

    /// The helper program lies beside the test program.
    static func helper(_ arguments: String...) throws -> ProcessSpec {
        let own = try #require(CommandLine.arguments.first)
        var directory = own.split(separator: "/", omittingEmptySubsequences: false)
        while !directory.isEmpty {
            directory.removeLast()
            let path = directory.joined(separator: "/") + "/spawnhelper"
            if FileProbe.of(path) == .executable {
                return ProcessSpec(executable: path, arguments: arguments, environment: Self.path)
            }
        }
        throw SpawnFailure(.notFound, "spawnhelper not found beside \(own)")
    }

    /// Off Swift's own threads, because it blocks.
    static func blocking<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: body()) }
        }
    }

    /// Reads until the value is the expected one, for two seconds at most; nothing announces what the kernel's tables say.
    static func eventually<Value: Equatable & Sendable>(
        _ expected: Value, _ read: @escaping @Sendable () -> Value
    ) async -> Value {
        await blocking {
            let end = ContinuousClock.now.advanced(by: .seconds(2))
            var value = read()
            while value != expected, ContinuousClock.now < end {
                usleep(2_000)
                value = read()
            }
            return value
        }
    }

    static func readAll(_ fd: Int32) async -> [UInt8] {
        await blocking {
            var all: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65536)
            while case let count = read(fd, &buffer, buffer.count), count > 0 { all += buffer.prefix(count) }
            return all
        }
    }

    static func line(_ fd: Int32) async -> String {
        await blocking {
            var bytes: [UInt8] = []
            var byte: UInt8 = 0
            while read(fd, &byte, 1) == 1, byte != 0x0A { bytes.append(byte) }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    static func output(_ spec: ProcessSpec) async throws -> (status: ProcessExit, lines: [String]) {
        let child = try await ProcessSpawner.shared.spawn(spec)
        let stdio = try #require(child.takeStdio())
        defer { stdio.closeAll() }
        let text = String(decoding: await readAll(stdio.stdout), as: UTF8.self)
        return (await child.exit, text.split(separator: "\n").map(String.init))
    }

    static func file(_ path: String) async throws -> [UInt8] {
        let fd = csp_open_read(path)
        try #require(fd >= 0)
        defer { close(fd) }
        return await readAll(fd)
    }

    /// Waits for a process that is not a child of this one.
    static func untilEnded(_ pid: Int32) async throws {
        let pidfd = csp_pidfd_open(pid)
        if pidfd < 0 { return }
        defer { close(pidfd) }
        _ = await blocking {
            var wait = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
            return poll(&wait, 1, 10_000)
        }
    }
}
