import GateCore
import GateCrypto
import GateProtocol
import GateTestKit
import Testing

@testable import GateAudit

@Suite struct AuditTests {
    @Test func knownVectors() throws {
        #expect(Hex.encode(SHA256.hash("abc".utf8)).prefix(16) == "ba7816bf8f01cfea")
        // RFC 8032, 7.1, test 1.
        let seed = try #require(
            Hex.decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60".utf8))
        let key = try #require(SigningKey(seed: seed))
        #expect(key.verification.text == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
        let signature = try #require(key.sign([]))
        #expect(Hex.encode(signature).hasPrefix("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e0652249015"))
        #expect(key.verification.verifies(signature, of: []))
        #expect(!key.verification.verifies(signature, of: [0]))
    }

    @Test func whatWasWrittenVerifies() async throws {
        let rig = try AuditRig()
        try await rig.write(20)
        let verdict = try rig.verify()
        // 40 records of calls, a header, and signatures among them and at the end.
        #expect(verdict.records == rig.lines().count && verdict.records > 41)
        #expect(verdict.signed == verdict.head.sequence - 1)
        try await rig.write(3)
        let later = try rig.verify(head: verdict.head)
        #expect(later.head.sequence > verdict.head.sequence)
        #expect(rig.reports.all.isEmpty)
    }

    @Test func filesFollowOneAnother() async throws {
        let rig = try AuditRig()
        try await rig.write(40) {
            $0.segmentBytes = 4_000
            $0.checkpointRecords = 7
        }
        #expect(rig.folder.segments.count > 3)
        let verdict = try rig.verify()
        #expect(verdict.segments == rig.folder.segments.count)
        try await rig.write(1)
        #expect(try rig.verify(head: verdict.head).records > verdict.records)
    }

    @Test func whatComesTogetherIsWrittenTogether() async throws {
        let rig = try AuditRig()
        let log = try rig.open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<400 {
                group.addTask { try await log.append("call_start", Array("\"correlation_id\":\"c-\(number)\"".utf8)) }
            }
            try await group.waitForAll()
        }
        await log.close()
        #expect(rig.lines().count { $0.starts(with: "{".utf8) } >= 401)
        #expect(try rig.verify().records >= 401)
    }

    // MARK: After a crash

    @Test func callsThatWereCutShortAreSaidToHaveCrashed() async throws {
        let rig = try AuditRig()
        let log = try rig.open()
        try await log.append("call_start", Array(#""correlation_id":"open""#.utf8))
        try await log.append("call_start", Array(#""correlation_id":"done""#.utf8))
        try await log.append("call_end", Array(#""correlation_id":"done","outcome":"success""#.utf8))
        await log.close()
        let second = try rig.open()
        await second.close()
        let ends = rig.lines().compactMap { AuditLine($0) }.filter { $0.kind == "call_end" }
        #expect(ends.map { $0.value["correlation_id"] } == ["done", "open"])
        #expect(ends.last?.value["outcome"] == "crashed")
        let third = try rig.open()
        await third.close()
        #expect(rig.lines().compactMap { AuditLine($0) }.count { $0.kind == "call_end" } == 2)
        _ = try rig.verify()
    }

    /// V-83: a crash can end the file at any byte of its last records.
    @Test func aTornEndIsCutOffAndKept() async throws {
        let rig = try AuditRig()
        try await rig.write(4)
        let lines = rig.lines()
        let whole = lines.reduce(into: [UInt8]()) { $0 += $1 + [0x0A] }
        let last = lines.suffix(3).reduce(0) { $0 + $1.count + 1 }
        for cut in stride(from: 1, to: last, by: 5) {
            let torn = Array(whole.dropLast(cut))
            try rig.replace(content: torn)
            let kept = torn.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
            let log = try rig.open()
            await log.close()
            let content = try #require(AuditFolder.read(rig.folder.segment(1)))
            #expect(content.starts(with: torn[..<kept]), "cut \(cut)")
            _ = try rig.verify()
            if kept < torn.count {
                let recovered = content.split(separator: 0x0A).compactMap { AuditLine($0) }.first {
                    $0.kind == "recovered"
                }
                #expect(recovered?.value["cut_bytes"]?.intValue == torn.count - kept)
            }
        }
        #expect(rig.reports.all.allSatisfy { $0.contains("quarantine") } && !rig.reports.all.isEmpty)
    }

    @Test func aDamagedEndStopsTheStartOrBecomesAGap() async throws {
        let rig = try AuditRig()
        try await rig.write(4)
        var lines = rig.lines()
        lines[3] = lines[3].map { $0 == UInt8(ascii: "t") ? UInt8(ascii: "u") : $0 }
        try rig.replace(lines)
        #expect {
            try rig.open()
        } throws: { ($0 as? StoreFailure)?.reason.contains("line 4") == true }
        let log = try rig.open { $0.blocks = false }
        log.note("admin", [])
        await log.close()
        #expect(rig.folder.segments == [1, 2])
        #expect(rig.lines(2).compactMap { AuditLine($0) }.map(\.kind).prefix(2) == ["open", "gap"])
    }
}
