import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A running child process in a group of its own: its output by lines, its end as an event. Killed when the value goes.
package final class Program: Sendable {
    package enum Exit: Sendable, Equatable {
        case code(Int32)
        case signal(Int32)
    }

    package let pid: Int32
    package let output: Journal<String>
    package let errors: Journal<String>
    private let exits: Journal<Exit>
    private let input: Mutex<Int32?>

    /// - Parameters:
    ///   - environment: the whole environment of the child; nil hands on the tests' own.
    ///   - directory: working directory; nil is the tests' own.
    package init(
        _ path: String, _ arguments: [String] = [], environment: [String: String]? = nil, directory: String? = nil
    ) throws {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let child = try ChildPipes.spawn(path, arguments, environment: environment, directory: directory)
        pid = child.pid
        input = Mutex(child.input)
        output = Journal(name: "stdout of \(name)")
        errors = Journal(name: "stderr of \(name)")
        exits = Journal(name: "exit of \(name)")
        Program.read(child.output, into: output)
        Program.read(child.errors, into: errors)
        Program.reap(child.pid, into: exits)
    }

    deinit {
        closeInput()
        if exits.all.isEmpty { kill(-pid, SIGKILL) }
    }

    /// Runs a program to its end.
    package static func run(
        _ path: String, _ arguments: [String] = [], input: String = "", environment: [String: String]? = nil,
        directory: String? = nil, within time: Duration = .seconds(60)
    ) async throws -> (exit: Exit, output: String, errors: String) {
        let program = try Program(path, arguments, environment: environment, directory: directory)
        if !input.isEmpty { try await program.send(input) }
        program.closeInput()
        let exit = try await program.exit(within: time)
        try await program.outputEnded(within: time)
        return (exit, program.output.all.joined(separator: "\n"), program.errors.all.joined(separator: "\n"))
    }

    /// Writes to its stdin, as it is.
    package func send(_ text: String) async throws {
        guard let descriptor = input.withLock({ $0 }) else { throw TestKitError("stdin is closed") }
        try await offPool {
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw TestKitError("stdin: \(String(cString: strerror(errno)))") }
                rest = rest.dropFirst(count)
            }
        }
    }

    package func closeInput() {
        input.withLock { descriptor in
            if let open = descriptor { close(open) }
            descriptor = nil
        }
    }

    /// Signals the process itself.
    package func signal(_ number: Int32) { kill(pid, number) }

    /// Waits for the end of the process.
    package func exit(within time: Duration = .seconds(20)) async throws -> Exit {
        try await exits.first(within: time) { _ in true }.element
    }

    /// SIGTERM, and SIGKILL to its group when it takes longer than `time`.
    @discardableResult
    package func stop(within time: Duration = .seconds(10)) async throws -> Exit {
        kill(pid, SIGTERM)
        if let exit = try? await exit(within: time) { return exit }
        kill(-pid, SIGKILL)
        return try await exit()
    }

    private func outputEnded(within time: Duration) async throws {
        for journal in [output, errors] {
            // `first` with no match ends by an error when the stream does; only a journal that goes on is a problem.
            _ = try? await journal.first(within: time) { _ in false }
            guard journal.isEnded else { throw TestKitError("a descendant keeps the output open") }
        }
    }

    private static func read(_ descriptor: Int32, into journal: Journal<String>) {
        DispatchQueue(label: "reader").async {
            var line: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = Gate.read(descriptor, &chunk, chunk.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                for byte in chunk.prefix(count) {
                    guard byte == 0x0A else {
                        line.append(byte)
                        continue
                    }
                    journal.append(String(decoding: line, as: UTF8.self))
                    line.removeAll(keepingCapacity: true)
                }
            }
            if !line.isEmpty { journal.append(String(decoding: line, as: UTF8.self)) }
            close(descriptor)
            journal.end()
        }
    }

    private static func reap(_ pid: pid_t, into exits: Journal<Exit>) {
        DispatchQueue(label: "reaper").async {
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            let signal = status & 0x7F
            exits.append(signal == 0 ? .code((status >> 8) & 0xFF) : .signal(signal))
            exits.end()
        }
    }
}

/// The C functions that a method of the same name would hide.
private enum Gate {
    static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.read(descriptor, buffer, count)
        #else
            Darwin.read(descriptor, buffer, count)
        #endif
    }
}
