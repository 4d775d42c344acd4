import GateCrypto
import GateProtocol
import GateTestKit
import Testing

@testable import GateAudit

/// S-31: whatever is done to the log, it is found, and the first bad record is named.
@Suite struct TamperTests {
    private func fault(_ rig: AuditRig, key: VerificationKey? = nil, head: AuditChain.Head? = nil) -> AuditVerifier
        .Fault?
    {
        do {
            _ = try rig.verify(key: key, head: head)
            return nil
        } catch { return error as? AuditVerifier.Fault }
    }

    @Test func anyFlippedBit() async throws {
        let rig = try AuditRig()
        try await rig.write(6)
        let lines = rig.lines()
        for number in 0..<lines.count {
            for place in stride(from: 0, to: lines[number].count, by: 13) {
                var changed = lines
                changed[number][place] ^= 1
                guard changed[number][place] != 0x0A else { continue }
                try rig.replace(changed)
                let found = try #require(fault(rig), "line \(number + 1), byte \(place)")
                #expect(found.line == number + 1, "line \(number + 1), byte \(place): \(found)")
            }
        }
        try rig.replace(lines)
        #expect(fault(rig) == nil)
    }

    @Test func recordsThatAreMissingMovedOrRepeated() async throws {
        let rig = try AuditRig()
        try await rig.write(6)
        let lines = rig.lines()
        for number in 1..<(lines.count - 1) {
            var without = lines
            without.remove(at: number)
            try rig.replace(without)
            #expect(fault(rig)?.line == number + 1)
            #expect(fault(rig)?.sequence == number + 1)
            var twice = lines
            twice.insert(lines[number], at: number)
            try rig.replace(twice)
            #expect(fault(rig)?.line == number + 2)
            var swapped = lines
            swapped.swapAt(number, number + 1)
            try rig.replace(swapped)
            #expect(fault(rig)?.line == number + 1)
        }
    }

    @Test func aRecordThatWasMadeAnew() async throws {
        let rig = try AuditRig()
        try await rig.write(6)
        var lines = rig.lines()
        // Somebody who knows how hashes are made changes one record and its hash, but not those behind it.
        let before = try #require(AuditLine(lines[3]))
        var chain = AuditChain(head: before.head)
        lines[4] = chain.append(kind: "call_start", members: [], time: "2026-11-25T07:00:00.000Z", monotonic: 1)
        try rig.replace(lines)
        #expect(fault(rig)?.line == 6)
        // Then all behind it too: the signatures are no longer those of the gateway.
        for number in 5..<lines.count {
            let line = try #require(AuditLine(lines[number]))
            var members = ""
            if line.kind == "checkpoint", let signature = line.value["signature"]?.stringValue {
                members = "\"signature\":\"\(signature)\""
            }
            lines[number] = chain.append(
                kind: line.kind, members: Array(members.utf8), time: "2026-11-25T07:00:00.000Z", monotonic: 1)
        }
        try rig.replace(lines)
        #expect(fault(rig)?.reason == "the signature is not valid")
    }

    @Test func anEndThatWasCutOff() async throws {
        let rig = try AuditRig()
        try await rig.write(6)
        let head = try rig.verify().head
        let lines = rig.lines()
        for count in 1..<lines.count {
            try rig.replace(Array(lines.prefix(count)))
            // Alone it is a whole log; whoever noted the head knows better.
            #expect(fault(rig) == nil)
            #expect(fault(rig, head: head)?.reason.contains("cut off") == true)
        }
    }

    @Test func aLogThatWasReplaced() async throws {
        let rig = try AuditRig()
        try await rig.write(6)
        let (key, head) = (try #require(rig.folder.key), try rig.verify().head)
        let other = try AuditRig(key: 9)
        try await other.write(12)
        #expect(fault(other) == nil)
        #expect(fault(other, key: key)?.line == 1)
        #expect(fault(other, key: key)?.reason.contains("another key") == true)
        // With the stolen key it is still not what was noted.
        let forged = try AuditRig()
        try await forged.write(7)
        #expect(fault(forged, key: key, head: head)?.reason.contains("rewritten") == true)
    }

    @Test func filesThatAreMissingOrSpliced() async throws {
        func write(_ rig: AuditRig) async throws {
            try await rig.write(40) { $0.segmentBytes = 4_000 }
        }
        let rig = try AuditRig()
        try await write(rig)
        let second = rig.lines(2)
        let count = rig.folder.segments.count
        try rig.replace(rig.lines(3), 2)
        #expect(fault(rig)?.file == rig.folder.segment(2))
        #expect(fault(rig)?.line == 1)
        // A file of another log, in its place.
        let other = try AuditRig()
        try await write(other)
        try rig.replace(other.lines(2), 2)
        let spliced = fault(rig)
        try rig.replace(second, 2)
        #expect(fault(rig) == nil)
        #expect(spliced?.file == rig.folder.segment(2))
        #expect(count > 3)
        rig.remove(2)
        #expect(fault(rig)?.reason == "the file is missing")
    }
}
