import GateCrypto
import GateTestKit
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@testable import GateAudit

/// A log in a directory of its own.
struct AuditRig {
    let directory: TemporaryDirectory
    let folder: AuditFolder
    let key: SigningKey
    let reports = Journal<String>(name: "reports")

    init(key: UInt8 = 7) throws {
        directory = try TemporaryDirectory()
        folder = AuditFolder(directory.file("audit"))
        self.key = try #require(SigningKey(seed: [UInt8](repeating: key, count: 32)))
    }

    func open(_ change: (inout AuditLog.Options) -> Void = { _ in }) throws -> AuditLog {
        var options = AuditLog.Options()
        change(&options)
        let reports = reports
        return try AuditLog(
            folder: folder, key: key, options: options, clock: { "2026-11-25T07:00:00.000Z" },
            report: { reports.append($0) }, onHead: { _ in })
    }

    /// Writes so many calls, each with its beginning and its end.
    func write(_ calls: Int, _ change: (inout AuditLog.Options) -> Void = { $0.checkpointRecords = 7 }) async throws {
        let log = try open(change)
        for number in 0..<calls {
            try await log.append("call_start", Array("\"correlation_id\":\"c-\(number)\",\"tool\":\"t\(number)\"".utf8))
            log.note("call_end", Array("\"correlation_id\":\"c-\(number)\",\"outcome\":\"success\"".utf8))
        }
        await log.close()
    }

    func lines(_ segment: Int = 1) -> [[UInt8]] {
        (AuditFolder.read(folder.segment(segment)) ?? []).split(separator: 0x0A).map(Array.init)
    }

    func replace(_ lines: [[UInt8]], _ segment: Int = 1) throws {
        try replace(content: lines.reduce(into: []) { $0 += $1 + [0x0A] }, segment)
    }

    func replace(content: [UInt8], _ segment: Int = 1) throws {
        let path = folder.segment(segment)
        unlink(path)
        var file = try AuditFile(path: path)
        try file.append(content)
    }

    func remove(_ segment: Int) { unlink(folder.segment(segment)) }

    func verify(key: VerificationKey? = nil, head: AuditChain.Head? = nil) throws -> AuditVerifier.Verdict {
        try AuditVerifier.verify(folder, key: key ?? folder.key, head: head)
    }
}
