import GateProtocol
import Testing

@Suite struct ProtocolVersionTests {
    @Test(arguments: ProtocolVersion.allCases)
    func knownVersions(_ version: ProtocolVersion) {
        #expect(ProtocolVersion(bytes: version.rawValue.utf8) == version)
        #expect(ProtocolVersion(bytes: Array(version.rawValue.utf8)) == version)
        // Not contiguous in memory.
        #expect(ProtocolVersion(bytes: Array(version.rawValue.utf8.reversed()).reversed()) == version)
    }

    @Test(arguments: [
        "", "2025", "2025-06-1", "2025-06-188", " 2025-06-18", "2025-06-18 ", "2025/06/18", "2025-06.18", "20250618",
        "2025-6-018", "2025-06-17", "2025-06-1a",
        "٢٠٢٥-٠٦-١٨", "DRAFT-2026", "9999-99-99", "2O25-06-18", "+025-06-18", "2025-06-1\u{301}",
    ])
    func otherTexts(_ text: String) {
        #expect(ProtocolVersion(bytes: text.utf8) == nil)
    }

    @Test func everyDamagedByte() {
        let known = Set(ProtocolVersion.allCases.map(\.rawValue))
        for version in ProtocolVersion.allCases {
            for index in 0..<10 {
                for byte in UInt8.min...UInt8.max {
                    var text = Array(version.rawValue.utf8)
                    text[index] = byte
                    let expected = String(validating: text, as: UTF8.self).map { known.contains($0) } ?? false
                    if (ProtocolVersion(bytes: text) != nil) != expected { Issue.record("\(shown(text))") }
                }
            }
        }
    }

    @Test func orderAndEras() {
        #expect(ProtocolVersion.allCases == ProtocolVersion.allCases.sorted())
        #expect(ProtocolVersion.newest == ProtocolVersion.allCases.last && ProtocolVersion.newest.era == .modern)
        #expect(ProtocolVersion.newestLegacy == ProtocolVersion.legacy.last)
        #expect(ProtocolVersion.legacy.count == 4 && ProtocolVersion.legacy.allSatisfy { $0 < .v2026_07_28 })
    }
}
