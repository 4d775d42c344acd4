import GateCore
import GateCrypto
import GateProtocol

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a start finds of the audit log of the run before, and what it has to write down about it.
enum AuditRecovery {
    private static let mostRead = 8 * 1_024 * 1_024

    struct Found {
        var head = AuditChain.start
        var segment = 0
        /// Whether the last file is left as it is and a new one is begun.
        var beginsNew = false
        var records: [(kind: String, members: [UInt8])] = []
    }

    /// - Throws: when the end of the log is damaged and `blocks` demands that it is whole.
    static func find(
        _ folder: AuditFolder, key: VerificationKey, blocks: Bool, report: (String) -> Void
    ) throws(StoreFailure) -> Found {
        var found = Found()
        // A crash between making a file and writing its header leaves an empty one.
        guard let last = folder.segments.last(where: { !(AuditFolder.read(folder.segment($0)) ?? []).isEmpty }) else {
            return found
        }
        let path = folder.segment(last)
        let content = AuditFolder.read(path) ?? []
        found.segment = last
        let end = content.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        var begun: [String] = []
        var ended: Set<String> = []
        var previous: AuditChain.Head?
        var number = 0
        // Of a long file only the end: calls that began before it and have not ended are not said to have crashed.
        let first = end <= mostRead ? 0 : content[(end - mostRead)..<end].firstIndex(of: 0x0A).map { $0 + 1 } ?? 0
        if first > 0 { number = content[..<first].count { $0 == 0x0A } }
        for text in content[first..<end].split(separator: 0x0A, omittingEmptySubsequences: false).dropLast() {
            number += 1
            guard let line = AuditLine(text), line.isWhole,
                previous.map({ $0.hash == line.previous && $0.sequence + 1 == line.sequence }) ?? true
            else {
                let words = "\(path) is damaged at line \(number)"
                guard !blocks else {
                    throw .broken(
                        "\(words). Look at it with `stonegate audit verify`; keep a copy of \(folder.path) as evidence, then move it away to "
                            + "begin a new log.")
                }
                report("\(words). A new file is begun, and says so.")
                found.head = previous ?? found.head
                found.beginsNew = true
                found.records = [("gap", Array("\"damaged\":\"audit file \(last), line \(number)\"".utf8))]
                return found
            }
            previous = line.head
            guard let id = line.value["correlation_id"]?.stringValue else { continue }
            if line.kind == "call_start" { begun.append(id) } else if line.kind == "call_end" { ended.insert(id) }
        }
        found.head = previous ?? found.head
        if end < content.count {
            try setAside(content[end...], folder, report)
            var file = try AuditFile(path: path)
            try file.cut(to: end)
            found.records.append(("recovered", Array("\"cut_bytes\":\(content.count - end)".utf8)))
        }
        for id in begun where !ended.contains(id) {
            found.records.append(
                (
                    "call_end",
                    Array("\"correlation_id\":".utf8) + JSONString.encode(id) + Array(",\"outcome\":\"crashed\"".utf8)
                ))
        }
        return found
    }

    /// Keeps the part of a record that a crash has left.
    private static func setAside(
        _ bytes: ArraySlice<UInt8>, _ folder: AuditFolder, _ report: (String) -> Void
    ) throws(StoreFailure) {
        let directory = folder.path + "/quarantine"
        mkdir(directory, 0o700)
        let path = "\(directory)/torn.\(time(nil)).\(getpid())"
        var file = try AuditFile(path: path)
        try file.append(Array(bytes))
        report("the last record of the audit log was not whole: \(bytes.count) bytes were moved to \(path)")
    }
}
