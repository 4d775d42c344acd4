package import GateCrypto
import GateProtocol

/// Checks an audit log, record by record, without the gateway: on a copy, or while it is written.
package struct AuditVerifier: Sendable {
    /// The first record with which something is wrong.
    package struct Fault: Error, Sendable, Equatable {
        package let file: String
        /// From 1.
        package let line: Int
        /// The number that should have stood there.
        package let sequence: Int
        package let reason: String
    }

    package struct Verdict: Sendable, Equatable {
        package var records = 0
        package var segments = 0
        package var checkpoints = 0
        package var head = AuditChain.start
        /// The number of the last record that a signature covers.
        package var signed = 0
        package var key: VerificationKey?
    }

    private let key: VerificationKey?
    private let wanted: AuditChain.Head?
    private var verdict = Verdict()
    private var hasWanted: Bool

    /// - Parameters:
    ///   - key: the gateway's; nil takes the one that the log itself names, which proves only that the log is of one piece.
    ///   - head: a head that is known from elsewhere, and has to be in the log.
    package init(key: VerificationKey?, head: AuditChain.Head? = nil) {
        self.key = key
        wanted = head
        hasWanted = head == nil || head == AuditChain.start
    }

    /// - Parameter progress: told of each file before it is read.
    /// - Throws: ``Fault``.
    package static func verify(
        _ folder: AuditFolder, key: VerificationKey?, head: AuditChain.Head?, progress: (String) -> Void = { _ in }
    ) throws(Fault) -> Verdict {
        var verifier = AuditVerifier(key: key, head: head)
        for (index, number) in folder.segments.enumerated() {
            let file = folder.segment(number)
            guard number == index + 1 else {
                throw Fault(
                    file: folder.segment(index + 1), line: 1, sequence: verifier.verdict.head.sequence + 1,
                    reason: "the file is missing")
            }
            progress(file)
            try verifier.check(
                AuditFolder.read(file) ?? [], file: file, segment: number, isLast: number == folder.segments.last)
        }
        return try verifier.finish(folder.segments.last.map { folder.segment($0) } ?? folder.path)
    }

    /// Checks one file's content; files in their order.
    package mutating func check(_ content: [UInt8], file: String, segment: Int, isLast: Bool) throws(Fault) {
        verdict.segments += 1
        var number = 0
        var rest = content[...]
        while let end = rest.firstIndex(of: 0x0A) {
            number += 1
            try check(rest[..<end], file, number, segment)
            rest = rest[(end + 1)...]
        }
        if number == 0 { throw fault(file, 1, "the file has no records") }
        // The gateway may be writing its last record at this moment.
        if !rest.isEmpty, !isLast { throw fault(file, number + 1, "the record is not whole") }
    }

    private mutating func check(_ text: ArraySlice<UInt8>, _ file: String, _ number: Int, _ segment: Int) throws(Fault)
    {
        let head = verdict.head
        guard let line = AuditLine(text) else { throw fault(file, number, "it is no record") }
        guard line.isWhole else { throw fault(file, number, "its content does not fit its hash") }
        guard line.sequence == head.sequence + 1 else {
            throw fault(file, number, "its number is \(line.sequence): records are missing, repeated or moved")
        }
        guard line.previous == head.hash else {
            throw fault(
                file, number, "it does not follow the record before it: that one was changed, or this one was put here")
        }
        if number == 1 { try checkHeader(line, file, segment) }
        if line.kind == "checkpoint" { try checkSignature(line, file, number) }
        if let wanted, line.sequence == wanted.sequence {
            guard line.hash == wanted.hash else {
                throw fault(file, number, "its hash is not the one that was noted: the log was rewritten")
            }
            hasWanted = true
        }
        verdict.head = line.head
        verdict.records += 1
    }

    private mutating func checkHeader(_ line: AuditLine, _ file: String, _ segment: Int) throws(Fault) {
        guard line.kind == "open", line.value["format"]?.intValue == 1 else {
            throw fault(file, 1, "the file does not begin with a header of format 1")
        }
        guard line.value["segment"]?.intValue == segment else {
            throw fault(file, 1, "it is the header of another file")
        }
        guard let text = line.value["public_key"]?.stringValue,
            let named = Hex.decode(text.utf8).flatMap({ VerificationKey($0) })
        else { throw fault(file, 1, "the header names no key") }
        guard named == key ?? verdict.key ?? named else {
            throw fault(file, 1, "it is signed by another key: the file is not of this gateway")
        }
        verdict.key = named
    }

    private mutating func checkSignature(_ line: AuditLine, _ file: String, _ number: Int) throws(Fault) {
        guard let signature = line.value["signature"]?.stringValue.flatMap({ Hex.decode($0.utf8) }),
            verdict.key?.verifies(signature, of: AuditChain.signed(verdict.head)) == true
        else { throw fault(file, number, "the signature is not valid") }
        verdict.checkpoints += 1
        verdict.signed = verdict.head.sequence
    }

    package func finish(_ file: String) throws(Fault) -> Verdict {
        guard hasWanted else {
            throw Fault(
                file: file, line: verdict.records + 1, sequence: verdict.head.sequence + 1,
                reason:
                    "the log ends at record \(verdict.head.sequence), before the one that was noted: the end was cut off"
            )
        }
        return verdict
    }

    private func fault(_ file: String, _ line: Int, _ reason: String) -> Fault {
        Fault(file: file, line: line, sequence: verdict.head.sequence + 1, reason: reason)
    }
}
