import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The file in which a gateway notes its children while they live, so that the next one ends what neither it nor its guardian could.
///
/// One line for each start and each end, appended; written to the page cache only, because what it tells is void after a restart of
/// the machine. A line that is not whole is passed over.
package final class ChildLedger: Sendable {
    private struct State {
        var descriptor: Int32
        var size = 0
        var living: [Int32: ProcessRecord] = [:]
    }

    /// Beyond this size the file is written anew, with the living alone.
    private static let compactAt = 64 * 1024
    /// A process may fork between the look and the signal.
    private static let passes = 20

    private let path: String
    private let state: Mutex<State>

    /// Opens the file, which is made where there is none. The caller holds the lock of the directory.
    ///
    /// - Returns: nil when it cannot be opened; everything works without.
    package init?(path: String) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return nil }
        self.path = path
        state = Mutex(State(descriptor: descriptor))
    }

    deinit { state.withLock { _ = close($0.descriptor) } }

    /// Ends what is left of the children that the file names, then empties it. To be called once, before the first child.
    ///
    /// - Returns: how many processes were ended.
    package func sweep() -> Int {
        let records = ChildLedger.living(in: content())
        var ended = 0
        for _ in 0..<ChildLedger.passes {
            let signalled = records.reduce(0) { $0 + $1.sweep() }
            ended = max(ended, signalled)
            if signalled == 0 { break }
            usleep(10_000)
        }
        state.withLock { state in
            ftruncate(state.descriptor, 0)
            state.size = 0
        }
        return ended
    }

    func began(_ child: ProcessRecord) {
        state.withLock { state in
            state.living[child.pid] = child
            append("+ \(child.pid) \(child.startTime) \(child.bootID)\n", to: &state)
        }
    }

    func ended(pid: Int32, startTime: UInt64) {
        state.withLock { state in
            guard state.living[pid]?.startTime == startTime else { return }
            state.living[pid] = nil
            append("- \(pid) \(startTime)\n", to: &state)
        }
    }

    private func append(_ line: String, to state: inout State) {
        if state.size > ChildLedger.compactAt {
            // In place: the worst that a kill in between can do is to lose lines that the guardian knows, too.
            ftruncate(state.descriptor, 0)
            state.size = 0
            let all = state.living.values.map { "+ \($0.pid) \($0.startTime) \($0.bootID)\n" }.joined()
            return put(all, &state)
        }
        put(line, &state)
    }

    private func put(_ text: String, _ state: inout State) {
        let bytes = Array(text.utf8)
        let count = write(state.descriptor, bytes, bytes.count)
        state.size += max(0, count)
    }

    private func content() -> [UInt8] {
        state.withLock { state in
            var content: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while content.count < 16 << 20 {
                let count = pread(state.descriptor, &chunk, chunk.count, off_t(content.count))
                guard count > 0 else { break }
                content += chunk.prefix(count)
            }
            return content
        }
    }

    /// Who was alive when the last whole line was written.
    static func living(in content: [UInt8]) -> [ProcessRecord] {
        var living: [Int32: ProcessRecord] = [:]
        // What follows the last line end is no whole line.
        let whole = content.prefix((content.lastIndex(of: 0x0A) ?? -1) + 1)
        for line in whole.split(separator: 0x0A) {
            let words = String(decoding: line, as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
            guard words.count >= 3, let pid = Int32(words[1]), pid > 1, let start = UInt64(words[2]) else { continue }
            if words[0] == "+", words.count == 4 {
                living[pid] = ProcessRecord(pid: pid, startTime: start, bootID: String(words[3]))
            } else if words[0] == "-", living[pid]?.startTime == start {
                living[pid] = nil
            }
        }
        return Array(living.values)
    }
}
