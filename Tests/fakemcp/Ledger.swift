#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The judge of tests: one line for each executed call, on disk before the call is answered.
final class Ledger {
    private let descriptor: Int32?
    private var lines = 0

    /// - Parameter path: nil keeps no ledger.
    init(path: String?) {
        descriptor = path.map { open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600) }
        if let descriptor, descriptor < 0 {
            System.say("fakemcp: cannot open the ledger \(path ?? "")")
            exit(66)
        }
    }

    /// - Parameter key: the call's `key` argument, by which a test finds its own calls.
    func record(tool: String, key: String?, id: JSON, arguments: JSON) {
        guard let descriptor else { return }
        lines += 1
        let entry: JSON = [
            "seq": JSON(lines), "pid": JSON(Int(getpid())), "tool": .string(tool), "key": key.map(JSON.string) ?? .null,
            "id": id, "arguments": arguments, "ms": JSON(System.now()),
        ]
        System.writeAll(descriptor, entry.bytes + [0x0A])
        fsync(descriptor)
    }
}
